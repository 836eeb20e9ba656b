import { useEffect } from 'react';
import { Checkup } from '../doctor/Checkup.tsx';
import { useWords } from '../i18n/index.tsx';
import { Logo } from '../parts/Logo.tsx';
import { type DoctorPlace, roomUrl } from '../place.ts';
import { Choices } from './Choices.tsx';
import styles from './DoctorPage.module.css';

/** `/doctor`: for somebody who wants to know before the call, or whom it did not reach. */
export function DoctorPage({ place: { room, token } }: { place: DoctorPlace }) {
  const { common, pages } = useWords();
  const { title, toRoom } = pages.doctor;
  useEffect(() => {
    document.title = `${title} · ${common.appName}`;
  }, [title, common]);
  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <a className={styles.home} href={document.baseURI}>
          <Logo />
        </a>
        <Choices />
      </header>
      <main className={styles.main}>
        <h1>{title}</h1>
        <Checkup base={document.baseURI} room={room} token={token} />
        {room && (
          <a className={styles.back} href={roomUrl(room, token)}>
            {toRoom}
          </a>
        )}
      </main>
    </div>
  );
}
