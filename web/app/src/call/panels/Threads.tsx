import type { Message, Room } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { type Thread, threadOf, threadsIn } from '../threads.ts';
import { countUnread, type Reading } from '../unread.ts';
import styles from './Chat.module.css';

interface Props {
  room: Room;
  messages: readonly Message[];
  reading: Reading;
  thread: Thread;
  onChoose: (thread: Thread) => void;
}

/** The room's conversation and the private ones; nothing while there are none. */
export function Threads({ room, messages, reading, thread, onChoose }: Props) {
  const { chat } = useWords().panels;
  const own = room.local.id;
  const threads = threadsIn(messages, own);
  if (!threads.includes(thread)) threads.push(thread);
  if (threads.length === 1) return null;
  const nameOf = (id: string) =>
    room.participants.get(id)?.name ?? messages.findLast(({ sender }) => sender === id)?.name ?? chat.gone;
  return (
    <nav className={styles.threads} aria-label={chat.threads}>
      {threads.map((one) => {
        const unread = countUnread(
          messages.filter((message) => threadOf(message, own) === one),
          reading,
          own,
        );
        const name = one === null ? chat.everyone : nameOf(one);
        return (
          <button
            key={one ?? ''}
            type="button"
            className={styles.thread}
            aria-current={one === thread}
            aria-label={chat.thread(name, unread)}
            onClick={() => onChoose(one)}
          >
            <bdi>{name}</bdi>
            {unread > 0 && <span className={styles.count}>{unread}</span>}
          </button>
        );
      })}
    </nav>
  );
}
