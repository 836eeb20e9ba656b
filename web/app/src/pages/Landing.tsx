import { House, Link2, Plus, ShieldCheck, X } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useWords } from '../i18n/index.tsx';
import { Button } from '../parts/Button.tsx';
import { IconButton } from '../parts/IconButton.tsx';
import { Logo } from '../parts/Logo.tsx';
import { TextField } from '../parts/TextField.tsx';
import { newRoomName, roomIn, roomUrl } from '../place.ts';
import { forgetRoom, usePrefs } from '../prefs.ts';
import { Choices } from './Choices.tsx';
import { Gathering } from './Gathering.tsx';
import styles from './Landing.module.css';

const POINT_ICONS = [Link2, ShieldCheck, House];

/** The front page: start a room, or find one. */
export function Landing() {
  const { landing } = useWords().pages;
  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <Logo />
        <Choices />
      </header>
      <main className={styles.main}>
        <div className={styles.hero}>
          <div className={styles.start}>
            <h1 className={styles.headline}>{landing.headline}</h1>
            <p className={styles.lead}>{landing.lead}</p>
            <div className={styles.actions}>
              <Button wide onClick={() => location.assign(roomUrl(newRoomName()))}>
                <Plus aria-hidden="true" />
                {landing.newRoom}
              </Button>
              <p className={styles.or}>{landing.or}</p>
              <JoinForm />
            </div>
            <RecentRooms />
          </div>
          <Gathering />
        </div>
        <ul className={styles.points}>
          {landing.points.map(({ title, text }, index) => {
            const Icon = POINT_ICONS[index] ?? Link2;
            return (
              <li key={title} className={styles.point}>
                <Icon aria-hidden="true" />
                <h2>{title}</h2>
                <p>{text}</p>
              </li>
            );
          })}
        </ul>
      </main>
    </div>
  );
}

function JoinForm() {
  const { landing } = useWords().pages;
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState(false);
  const go = (event: FormEvent) => {
    event.preventDefault();
    const found = roomIn(text);
    if (found) location.assign(roomUrl(found.room, found.token));
    else setWrong(true);
  };
  return (
    <form onSubmit={go}>
      <TextField
        label={landing.room}
        value={text}
        placeholder={landing.roomPlaceholder}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        enterKeyHint="go"
        problem={wrong ? landing.roomInvalid : null}
        after={
          <Button look="plain" type="submit">
            {landing.go}
          </Button>
        }
        onChange={(next) => {
          setText(next);
          setWrong(false);
        }}
      />
    </form>
  );
}

function RecentRooms() {
  const { landing } = useWords().pages;
  const { recent } = usePrefs();
  if (recent.length === 0) return null;
  return (
    <section className={styles.recent} aria-labelledby="recent">
      <h2 id="recent">{landing.recent}</h2>
      <ul>
        {recent.map((room) => (
          <li key={room}>
            <a href={roomUrl(room)}>
              <bdi>{room}</bdi>
            </a>
            <IconButton label={landing.forget(room)} look="quiet" onClick={() => forgetRoom(room)}>
              <X />
            </IconButton>
          </li>
        ))}
      </ul>
    </section>
  );
}
