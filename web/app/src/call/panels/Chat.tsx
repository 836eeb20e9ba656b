import { ArrowDown } from 'lucide-react';
import { Fragment, memo, useCallback, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { Message, Room } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { Panel } from '../../parts/Panel.tsx';
import { countUnread, type Reading } from '../unread.ts';
import { useRoomValue } from '../useRoomValue.ts';
import styles from './Chat.module.css';
import { ChatMessage, Text } from './ChatMessage.tsx';
import { Composer } from './Composer.tsx';
import type { Outbox, Outgoing } from './outbox.ts';

interface Props {
  room: Room;
  reading: Reading;
  outbox: Outbox;
  onClose: () => void;
}

/** The room's chat. */
export function Chat({ room, reading, outbox, onClose }: Props) {
  const { chat } = useWords().panels;
  const mayWrite = useRoomValue(room, ({ rights }) => rights.includes('chat'));
  const { to, outgoing } = useSyncExternalStore(outbox.subscribe, () => outbox.snapshot);
  return (
    <Panel title={chat.title} onClose={onClose}>
      <div className={styles.chat}>
        <Log room={room} reading={reading} outbox={outbox} outgoing={outgoing} />
        {mayWrite ? (
          <Composer room={room} outbox={outbox} to={to} />
        ) : (
          <p className={styles.readOnly}>{chat.readOnly}</p>
        )}
      </div>
    </Panel>
  );
}

/** How near to the end counts as there, in CSS pixels. */
const NEAR = 48;
/** What the same person writes within this time, in seconds, stands under one name. */
const TOGETHER = 180;

function Log({ room, reading, outbox, outgoing }: Omit<Props, 'onClose'> & { outgoing: readonly Outgoing[] }) {
  const { chat } = useWords().panels;
  const messages = useRoomValue(room, (snapshot) => snapshot.messages);
  const own = room.local.id;
  const log = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  // The line "New" stands where reading had stopped when the panel was opened, and stays there.
  const [readBefore] = useState(() => (countUnread(messages, reading.last, own) > 0 ? reading.last : undefined));

  const read = useCallback(() => {
    if (document.visibilityState === 'visible') reading.markRead(room.chat.messages);
  }, [room, reading]);
  const toEnd = useCallback(() => {
    const element = log.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: new messages, own or not, keep the end in sight of whoever was there
  useLayoutEffect(() => {
    if (!atEnd) return;
    toEnd();
    read();
  }, [messages, outgoing, atEnd, toEnd, read]);
  useEffect(() => {
    const element = log.current;
    if (!element || !atEnd) return;
    const resized = new ResizeObserver(toEnd);
    resized.observe(element);
    const stop = new AbortController();
    document.addEventListener('visibilitychange', read, { signal: stop.signal });
    // At once, or the badge would count it for a moment.
    room.addEventListener('chat', read, { signal: stop.signal });
    return () => {
      resized.disconnect();
      stop.abort();
    };
  }, [room, atEnd, toEnd, read]);
  useEffect(() => {
    const stop = new AbortController();
    const arrive = ({ message }: { message: Message }) => message.sender === own && outbox.arrived(message);
    room.addEventListener('chat', arrive, { signal: stop.signal });
    return () => stop.abort();
  }, [room, own, outbox]);
  // Who has just written wants to see it.
  const sent = outgoing.at(-1)?.key;
  useEffect(() => {
    if (sent !== undefined) setAtEnd(true);
  }, [sent]);

  const below = atEnd ? 0 : countUnread(messages, reading.last, own);
  return (
    <div className={styles.view}>
      {/* New messages are announced elsewhere, a few at a time: here each would be read out at once. */}
      <div
        ref={log}
        role="log"
        aria-live="off"
        aria-label={chat.log}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
        tabIndex={0}
        className={styles.log}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) =>
          setAtEnd(scrollHeight - scrollTop - clientHeight < NEAR)
        }
      >
        {messages.length === 0 && outgoing.length === 0 && (
          <p className={styles.empty}>
            <strong>{chat.empty}</strong>
            {chat.emptyHint}
          </p>
        )}
        <ol className={styles.messages}>
          <Messages room={room} messages={messages} readBefore={readBefore} />
          {outgoing.map((message) => (
            <Pending key={message.key} message={message} outbox={outbox} />
          ))}
        </ol>
      </div>
      {!atEnd && (
        <button type="button" className={styles.toEnd} onClick={() => setAtEnd(true)}>
          <ArrowDown aria-hidden="true" />
          {below > 0 ? chat.newMessages(below) : chat.toEnd}
        </button>
      )}
    </div>
  );
}

interface MessagesProps {
  room: Room;
  messages: readonly Message[];
  /** The line "New" stands after this message; null: before all, undefined: nowhere. */
  readBefore: string | null | undefined;
}

/** Apart from what is on its way and where one has scrolled to, so that neither goes through the whole list. */
const Messages = memo(function Messages({ room, messages, readBefore }: MessagesProps) {
  const { chat } = useWords().panels;
  const own = room.local.id;
  return messages.map((message, index) => {
    const before = messages[index - 1];
    const isNew = before ? before.id === readBefore : readBefore === null;
    return (
      <Fragment key={message.id}>
        {isNew && <li className={styles.unread}>{chat.unreadFrom}</li>}
        <ChatMessage
          message={message}
          own={message.sender === own}
          headed={isNew || !follows(message, before)}
          toName={message.to === null ? null : (room.participants.get(message.to)?.name ?? null)}
        />
      </Fragment>
    );
  });
});

const follows = (message: Message, before: Message | undefined): boolean =>
  before !== undefined &&
  before.sender === message.sender &&
  before.to === message.to &&
  message.time - before.time < TOGETHER;

function Pending({ message, outbox }: { message: Outgoing; outbox: Outbox }) {
  const { common, panels } = useWords();
  const { chat } = panels;
  const failed = message.state === 'failed';
  return (
    <li className={`${styles.message} ${styles.own} ${failed ? styles.failed : styles.sending}`}>
      <Text text={message.text} />
      {failed ? (
        <p role="alert" className={styles.problem}>
          <span>
            {chat.failed}. {chat.failedHint[message.code]}
          </span>
          <button type="button" onClick={() => outbox.retry(message.key)}>
            {common.tryAgain}
          </button>
          <button type="button" onClick={() => outbox.discard(message.key)}>
            {chat.discard}
          </button>
        </p>
      ) : (
        <p className={styles.time}>{chat.sending}</p>
      )}
    </li>
  );
}
