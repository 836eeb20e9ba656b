import { type FormEvent, useId, useState } from 'react';
import { Button } from '../parts/Button.tsx';
import { newRoomName, roomIn, roomUrl } from '../place.ts';
import { words } from '../words.ts';
import styles from './Landing.module.css';

export function Landing() {
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState(false);
  const field = useId();
  const problem = useId();

  const go = (event: FormEvent) => {
    event.preventDefault();
    const room = roomIn(text);
    if (room) location.assign(roomUrl(room));
    else setWrong(true);
  };

  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <h1 className={styles.name}>{words.appName}</h1>
        <p className={styles.tagline}>{words.tagline}</p>
        <Button wide onClick={() => location.assign(roomUrl(newRoomName()))}>
          {words.newRoom}
        </Button>
        <p className={styles.or}>{words.or}</p>
        <form className={styles.form} onSubmit={go}>
          <label htmlFor={field}>{words.roomLabel}</label>
          <div className={styles.row}>
            <input
              id={field}
              value={text}
              placeholder={words.roomPlaceholder}
              autoComplete="off"
              aria-invalid={wrong}
              aria-describedby={wrong ? problem : undefined}
              onChange={(event) => {
                setText(event.target.value);
                setWrong(false);
              }}
            />
            <Button look="plain" type="submit">
              {words.go}
            </Button>
          </div>
          {wrong && (
            <p id={problem} role="alert" className={styles.problem}>
              {words.roomInvalid}
            </p>
          )}
        </form>
      </div>
    </main>
  );
}
