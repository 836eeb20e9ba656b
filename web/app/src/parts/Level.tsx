import { useEffect, useRef } from 'react';
import { useWords } from '../i18n/index.tsx';
import { followLevel } from './follow-level.ts';
import styles from './Level.module.css';

/** How loud a microphone is, written into a style ten times a second, past React. */
export function Level({ track }: { track: MediaStreamTrack | null }) {
  const { common } = useWords();
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = bar.current;
    if (!track || !element) return;
    const stop = followLevel(track, (level) => element.style.setProperty('--level', level.toFixed(2)));
    return () => {
      stop();
      element.style.removeProperty('--level');
    };
  }, [track]);
  return <div ref={bar} className={styles.level} role="img" aria-label={common.level} />;
}
