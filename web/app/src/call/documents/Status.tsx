import { useWords } from '../../i18n/index.tsx';
import styles from './Documents.module.css';
import type { Opened } from './useDocument.ts';

/** How it stands with a document, where that is not as it should be. */
export function Status({ status, problem, document }: Opened) {
  const { documents } = useWords();
  if (status === 'refused') {
    return (
      <p role="alert" className={styles.problem}>
        {documents.problem[problem ?? ''] ?? documents.failed}
      </p>
    );
  }
  if (status !== 'synced')
    return (
      <p role="status" className={styles.status}>
        {document ? documents.offline : documents.opening}
      </p>
    );
  return document?.readOnly ? <p className={styles.status}>{documents.readOnly}</p> : null;
}
