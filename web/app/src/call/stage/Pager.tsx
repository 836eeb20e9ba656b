import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useWords } from '../../i18n/index.tsx';
import styles from './Pager.module.css';

interface Props {
  /** From 0. */
  page: number;
  pages: number;
  onPage: (page: number) => void;
}

/** Turns the pages of a grid or a strip. */
export function Pager({ page, pages, onPage }: Props) {
  const { stage: words } = useWords();
  return (
    <nav className={styles.pager} aria-label={words.pages}>
      <button
        type="button"
        className={styles.turn}
        aria-label={words.previousPage}
        disabled={page === 0}
        onClick={() => onPage(page - 1)}
      >
        <ChevronLeft aria-hidden="true" />
      </button>
      <span className={styles.page} aria-live="polite">
        {words.page(page + 1, pages)}
      </span>
      <button
        type="button"
        className={styles.turn}
        aria-label={words.nextPage}
        disabled={page === pages - 1}
        onClick={() => onPage(page + 1)}
      >
        <ChevronRight aria-hidden="true" />
      </button>
    </nav>
  );
}
