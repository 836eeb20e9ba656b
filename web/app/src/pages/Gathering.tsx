import styles from './Gathering.module.css';

const PEOPLE = ['one', 'two', 'three', 'four'] as const;

/** Four people in a call, one of them speaking. Only a picture. */
export function Gathering() {
  return (
    <div className={styles.gathering}>
      {PEOPLE.map((person) => (
        <svg key={person} aria-hidden="true" viewBox="0 0 160 110" className={`${styles.tile} ${styles[person]}`}>
          <circle className={styles.figure} cx="80" cy="48" r="19" />
          <path className={styles.figure} d="M38 110c0-24 18-38 42-38s42 14 42 38z" />
        </svg>
      ))}
    </div>
  );
}
