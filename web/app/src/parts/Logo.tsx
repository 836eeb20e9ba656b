import { useWords } from '../i18n/index.tsx';
import styles from './Logo.module.css';

/** A speech bubble with two heads in it, and the name. */
export function Logo() {
  const { common } = useWords();
  return (
    <span className={styles.logo}>
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <path
          className={styles.bubble}
          d="M4 6a4 4 0 0 1 4-4h16a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4h-9l-7 7v-7a4 4 0 0 1-4-4z"
        />
        <circle className={styles.head} cx="11" cy="12" r="2.6" />
        <circle className={styles.head} cx="21" cy="12" r="2.6" />
      </svg>
      {common.appName}
    </span>
  );
}
