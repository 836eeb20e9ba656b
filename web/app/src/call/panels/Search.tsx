import { useState } from 'react';
import type { Message, Room } from 'tertulia-client';
import { regional, useLanguage } from '../../i18n/index.tsx';
import { TextField } from '../../parts/TextField.tsx';
import styles from './Chat.module.css';
import { Text } from './ChatMessage.tsx';

interface Found {
  words: string;
  messages: readonly Message[];
  more: boolean;
}

/** Searches all that was said and is kept, not only what is shown. */
export function Search({ room, onClose }: { room: Room; onClose: () => void }) {
  const { language, words } = useLanguage();
  const { chat } = words.panels;
  const [query, setQuery] = useState('');
  const [found, setFound] = useState<Found | null>(null);
  const [state, setState] = useState<'idle' | 'busy' | 'failed'>('idle');

  const search = async (wanted: string, before?: Found) => {
    setState('busy');
    try {
      const first = before?.messages[0]?.number;
      const page = await room.chat.history({ words: wanted, limit: 50, ...(first !== undefined && { before: first }) });
      setFound({ words: wanted, messages: [...page.messages, ...(before?.messages ?? [])], more: page.more });
      setState('idle');
    } catch {
      setState('failed');
    }
  };
  const when = new Intl.DateTimeFormat(regional(language), { dateStyle: 'medium', timeStyle: 'short' });
  return (
    <search
      className={styles.search}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        // It would close the panel.
        event.preventDefault();
        onClose();
      }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (query.trim() !== '') void search(query.trim());
        }}
      >
        <TextField
          label={chat.search}
          type="search"
          maxLength={200}
          dir="auto"
          autoFocus
          value={query}
          onChange={setQuery}
          problem={state === 'failed' ? chat.searchFailed : null}
        />
      </form>
      <p role="status" className={styles.hint}>
        {state === 'busy' ? chat.loading : found && chat.found(found.messages.length)}
      </p>
      {found && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
        <section className={styles.log} aria-label={chat.results} tabIndex={0}>
          {found.more && (
            <p className={styles.earlier}>
              <button type="button" disabled={state === 'busy'} onClick={() => void search(found.words, found)}>
                {chat.earlier}
              </button>
            </p>
          )}
          <ol className={styles.messages}>
            {found.messages.map((message) => (
              <li key={message.id} className={styles.message}>
                <p className={styles.head}>
                  <strong className={styles.name}>
                    <bdi>{message.sender === room.local.id ? chat.you : message.name}</bdi>
                  </strong>
                  <time className={styles.time} dateTime={new Date(message.time * 1000).toISOString()}>
                    {when.format(message.time * 1000)}
                  </time>
                </p>
                <Text text={message.text} />
              </li>
            ))}
          </ol>
        </section>
      )}
    </search>
  );
}
