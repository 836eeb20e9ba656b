import { SendHorizontal } from 'lucide-react';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import type { Room } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { IconButton } from '../../parts/IconButton.tsx';
import { Select } from '../../parts/Select.tsx';
import { Attach } from '../files/Attach.tsx';
import { usePeople } from '../stage/usePeople.ts';
import { NARROW } from '../useMedia.ts';
import styles from './Chat.module.css';
import { charactersLeft } from './length.ts';
import type { Outbox } from './outbox.ts';
import { sends } from './sends.ts';

interface Props {
  room: Room;
  outbox: Outbox;
  to: string | null;
  /** The arrow up in an empty field. */
  onEditLast: () => void;
  /** What becomes of files that are chosen; null: none may be shared. */
  onFiles: ((files: File[]) => void) | null;
}

/** From how many characters left on the counter is shown. */
const COUNTED = 500;
const EVERYONE = '';

/** Where one writes. */
export function Composer({ room, outbox, to, onEditLast, onFiles }: Props) {
  const { chat } = useWords().panels;
  const [text, setText] = useState(outbox.draft);
  const field = useRef<HTMLTextAreaElement>(null);
  const below = useId();
  const left = charactersLeft(text);
  const sendable = text.trim() !== '' && left >= 0;
  const others = usePeople(room).filter(({ local }) => !local);
  const addressee = others.find(({ id }) => id === to);

  const write = (next: string) => {
    outbox.draft = next;
    setText(next);
  };
  const send = () => {
    if (!sendable) return;
    outbox.send(text.trim());
    write('');
    field.current?.focus();
  };

  // After the panel has taken focus, so that it knows where to give it back to. On a phone the keyboard would cover what is to be read.
  useEffect(() => {
    if (matchMedia(NARROW).matches && to === null) return;
    const frame = requestAnimationFrame(() => field.current?.focus({ preventScroll: true }));
    return () => cancelAnimationFrame(frame);
  }, [to]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.blockSize = 'auto';
    element.style.blockSize = `${element.scrollHeight + element.offsetHeight - element.clientHeight}px`;
  }, [text]);

  const options = [
    { value: EVERYONE, label: chat.everyone },
    ...others.map(({ id, name }) => ({ value: id, label: name })),
    // Never silently to everyone what was meant for one.
    ...(to !== null && !addressee ? [{ value: to, label: chat.gone }] : []),
  ];
  return (
    <form
      className={`${styles.composer} ${to !== null ? styles.toOne : ''}`}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {options.length > 1 && (
        <div className={styles.to}>
          <span aria-hidden="true">{chat.to}</span>
          <Select
            label={chat.to}
            hideLabel
            value={to ?? EVERYONE}
            options={options}
            onChange={(value) => outbox.address(value === EVERYONE ? null : value)}
          />
        </div>
      )}
      <div className={styles.line}>
        {onFiles && <Attach onFiles={onFiles} />}
        <textarea
          ref={field}
          className={styles.field}
          rows={1}
          dir="auto"
          value={text}
          enterKeyHint="send"
          aria-label={to === null ? chat.placeholder : chat.placeholderPrivate(addressee?.name ?? chat.gone)}
          aria-describedby={below}
          aria-invalid={left < 0}
          placeholder={to === null ? chat.placeholder : chat.placeholderPrivate(addressee?.name ?? chat.gone)}
          onChange={(event) => {
            write(event.target.value);
            room.chat.typing({ to, active: event.target.value.trim() !== '' });
          }}
          onKeyDown={(event) => {
            if (event.key === 'ArrowUp' && text === '') {
              onEditLast();
              event.preventDefault();
            } else if (sends(event)) {
              event.preventDefault();
              send();
            }
          }}
        />
        <IconButton type="submit" label={chat.send} look="quiet" disabled={!sendable}>
          <SendHorizontal />
        </IconButton>
      </div>
      <p id={below} className={left < 0 ? styles.tooLong : styles.hint} role={left < COUNTED ? 'status' : undefined}>
        {left < 0 ? chat.tooLong(-left) : left < COUNTED ? chat.left(left) : chat.hint}
      </p>
    </form>
  );
}
