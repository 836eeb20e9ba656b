import { Button } from '../parts/Button.tsx';
import { words } from '../words.ts';
import styles from './Ended.module.css';

interface Props {
  /** The code of the last `bye` or error. */
  code: string;
  message: string;
  onRejoin: () => void;
}

export function Ended({ code, message, onRejoin }: Props) {
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <h1>{words.endReason[code] ?? words.endUnknown}</h1>
        {!(code in words.endReason) && <p className={styles.detail}>{message || code}</p>}
        <Button wide onClick={onRejoin}>
          {words.rejoin}
        </Button>
        <a href={document.baseURI}>{words.home}</a>
      </div>
    </main>
  );
}
