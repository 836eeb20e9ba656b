import { Lock } from 'lucide-react';
import { memo } from 'react';
import type { Message } from 'tertulia-client';
import { regional, useLanguage } from '../../i18n/index.tsx';
import { Named } from '../Named.tsx';
import styles from './Chat.module.css';
import { isEmojiOnly, linkify } from './linkify.ts';

interface Props {
  message: Message;
  own: boolean;
  /** With name and time; what follows at once from the same person has neither. */
  headed: boolean;
  /** The name of whom an own private message went to. */
  toName: string | null;
}

/** One message. It is never rendered again for another's sake. */
export const ChatMessage = memo(function ChatMessage({ message, own, headed, toName }: Props) {
  const { language, words } = useLanguage();
  const { chat } = words.panels;
  const time = new Date(message.time * 1000);
  const hidden = message.to !== null;
  return (
    <li className={`${styles.message} ${own ? styles.own : ''} ${hidden ? styles.private : ''}`}>
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
      <Text text={message.text} />
    </li>
  );
});

/** Text nodes and links, nothing else, whatever was written. */
export function Text({ text }: { text: string }) {
  return (
    <p dir="auto" className={`${styles.text} ${isEmojiOnly(text) ? styles.emoji : ''}`}>
      {linkify(text).map((piece, index) =>
        piece.href ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text never move
          <bdi key={index}>
            <a href={piece.href} title={piece.href} target="_blank" rel="noopener noreferrer nofollow">
              {piece.text}
            </a>
          </bdi>
        ) : (
          piece.text
        ),
      )}
    </p>
  );
}
