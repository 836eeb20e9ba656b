import { useEffect, useRef, useState } from 'react';
import type { Message, Room } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { useRequest } from '../useRequest.ts';
import styles from './Chat.module.css';
import { charactersLeft } from './length.ts';
import { sends } from './sends.ts';

interface Props {
  room: Room;
  message: Message;
  onDone: () => void;
}

/** A message of one's own, while it is edited. Escape gives it up; what could not be kept stays in the field. */
export function MessageEditor({ room, message, onDone }: Props) {
  const { common, panels } = useWords();
  const { chat } = panels;
  const { busy, request } = useRequest();
  const [text, setText] = useState(message.text);
  const field = useRef<HTMLTextAreaElement>(null);
  const savable = text.trim() !== '' && charactersLeft(text) >= 0 && !busy;
  const save = async () => {
    if (savable && (await request(() => room.chat.edit(message.id, text.trim())))) onDone();
  };
  useEffect(() => {
    // After the menu has given its focus back.
    const frame = requestAnimationFrame(() => {
      field.current?.focus();
      field.current?.setSelectionRange(-1, -1);
    });
    return () => cancelAnimationFrame(frame);
  }, []);
  return (
    <form
      className={styles.editor}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <textarea
        ref={field}
        className={styles.field}
        rows={Math.min(8, text.split('\n').length)}
        dir="auto"
        value={text}
        aria-label={chat.edit}
        aria-invalid={charactersLeft(text) < 0}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') {
            // It would close the panel.
            event.preventDefault();
            onDone();
          } else if (sends(event)) {
            event.preventDefault();
            void save();
          }
        }}
      />
      <p className={styles.problem}>
        <button type="submit" disabled={!savable}>
          {chat.save}
        </button>
        <button type="button" onClick={onDone}>
          {common.cancel}
        </button>
      </p>
    </form>
  );
}
