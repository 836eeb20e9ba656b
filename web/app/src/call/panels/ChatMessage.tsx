import { Lock } from 'lucide-react';
import { memo } from 'react';
import type { Message, Room } from 'tertulia-client';
import { regional, useLanguage } from '../../i18n/index.tsx';
import { Named } from '../Named.tsx';
import styles from './Chat.module.css';
import { isEmojiOnly } from './linkify.ts';
import { Markdown } from './Markdown.tsx';
import { MessageEditor } from './MessageEditor.tsx';
import { MessageReactions, MessageTools } from './MessageTools.tsx';

interface Props {
  room: Room;
  message: Message;
  own: boolean;
  /** With name and time; what follows at once from the same person has neither. */
  headed: boolean;
  /** The name of whom an own private message went to. */
  toName: string | null;
  /** One may write here, and so react. */
  mayWrite: boolean;
  /** It is the one that is pointed at or has the focus: what can be done with it is shown. */
  active: boolean;
  editing: boolean;
  onActive: (id: string) => void;
  /** Null: no message is edited any more. */
  onEdit: (id: string | null) => void;
}

/** One message. It is never rendered again for another's sake. */
export const ChatMessage = memo(function ChatMessage({
  room,
  message,
  own,
  headed,
  toName,
  mayWrite,
  active,
  editing,
  onActive,
  onEdit,
}: Props) {
  const { language, words } = useLanguage();
  const { chat } = words.panels;
  const time = new Date(message.time * 1000);
  const hidden = message.to !== null;
  const activate = () => onActive(message.id);
  return (
    <li
      className={`${styles.message} ${own ? styles.own : ''} ${hidden ? styles.private : ''}`}
      data-message={message.id}
      tabIndex={-1}
      onFocus={activate}
      onPointerEnter={activate}
      onPointerDown={activate}
    >
      {headed && (
        <p className={styles.head}>
          <strong className={styles.name}>{own ? chat.you : <bdi>{message.name}</bdi>}</strong>
          {hidden && (
            <span className={styles.privacy}>
              <Lock aria-hidden="true" />
              {own ? <Named words={chat.privateTo} name={toName ?? chat.gone} /> : chat.privateFrom}
            </span>
          )}
          <time className={styles.time} dateTime={time.toISOString()}>
            {new Intl.DateTimeFormat(regional(language), { hour: 'numeric', minute: '2-digit' }).format(time)}
          </time>
        </p>
      )}
      {message.deleted ? (
        <p className={styles.deleted}>{chat.deleted}</p>
      ) : editing ? (
        <MessageEditor room={room} message={message} onDone={() => onEdit(null)} />
      ) : (
        <Text text={message.text} />
      )}
      {message.edited != null && !message.deleted && <p className={styles.edited}>{chat.edited}</p>}
      {message.reactions && message.reactions.length > 0 && (
        <MessageReactions room={room} message={message} mayReact={mayWrite} />
      )}
      {active && !editing && !message.deleted && (mayWrite || room.can('moderate')) && (
        <MessageTools room={room} message={message} mayReact={mayWrite} onEdit={onEdit} />
      )}
    </li>
  );
});

/** What was written, as elements. */
export function Text({ text }: { text: string }) {
  if (!isEmojiOnly(text)) return <Markdown text={text} />;
  return (
    <p dir="auto" className={`${styles.text} ${styles.emoji}`}>
      {text}
    </p>
  );
}
