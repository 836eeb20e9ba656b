import { MicOff } from 'lucide-react';
import { type Followed, Video } from '../parts/Video.tsx';
import { words } from '../words.ts';
import styles from './Tile.module.css';

interface Props {
  name: string;
  /** Null when there is no picture to show. */
  picture: MediaStream | null;
  followed?: Followed | undefined;
  silent: boolean;
  speaking: boolean;
  away?: boolean;
  mirrored?: boolean;
}

const PALETTE = ['#7a4fbf', '#0a7463', '#a34a1c', '#2f5fb3', '#9a2f63', '#55701a'];

/** One colour a name, so that a person without a camera keeps his from call to call. */
const colourOf = (name: string) =>
  PALETTE[[...name].reduce((sum, c) => sum + (c.codePointAt(0) ?? 0), 0) % PALETTE.length];

const initials = (name: string) =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0] ?? '')
    .join('')
    .toUpperCase();

/** A person in the grid. */
export function Tile({ name, picture, followed, silent, speaking, away = false, mirrored = false }: Props) {
  return (
    <li className={`${styles.tile} ${speaking ? styles.speaking : ''}`} aria-label={name}>
      {picture ? (
        <Video stream={picture} followed={followed} mirrored={mirrored} className={styles.video} />
      ) : (
        <span className={styles.initials} style={{ background: colourOf(name) }} aria-hidden="true">
          {initials(name)}
        </span>
      )}
      <span className={styles.label}>
        {silent && <MicOff size={14} role="img" aria-label={words.muted} />}
        <bdi className={styles.name}>{name}</bdi>
      </span>
      {away && <span className={styles.away}>{words.away}</span>}
    </li>
  );
}
