import styles from './Avatar.module.css';

/** Initials on the person's colour. `--avatar` in the surrounding styles sets its size. Pictures only: the name stands beside it. */
export function Avatar({ name }: { name: string }) {
  return (
    <span className={styles.avatar} style={{ background: colourOf(name) }} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

const PALETTE = ['#7a4fbf', '#0a7463', '#a34a1c', '#2f5fb3', '#9a2f63', '#55701a'];

/** One colour a name, so that a person without a camera keeps theirs from call to call. */
export const colourOf = (name: string): string =>
  PALETTE[[...name].reduce((sum, c) => sum + (c.codePointAt(0) ?? 0), 0) % PALETTE.length] as string;

export const initials = (name: string): string =>
  name
    .trim()
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0] ?? '')
    .join('')
    .toUpperCase();
