import { X } from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';
import { useWords } from '../../i18n/index.tsx';
import { focusOrigin } from '../../parts/focus.ts';
import { IconButton } from '../../parts/IconButton.tsx';
import styles from './Documents.module.css';

/** Lies over the stage. From the first moment keys are the board's, not the call's, while it has focus; it gives that back when it closes. */
export function BoardFrame({ onClose, children }: { onClose: () => void; children: ReactNode }) {
  const { board } = useWords().documents;
  const frame = useRef<HTMLElement>(null);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const origin = focusOrigin();
    element.focus({ preventScroll: true });
    return () => {
      if (element.contains(document.activeElement) || document.activeElement === document.body) origin?.focus();
    };
  }, []);
  return (
    <section ref={frame} className={styles.board} aria-label={board.title} tabIndex={-1} data-own-keys>
      <header className={styles.boardHead}>
        <h2>{board.title}</h2>
        <IconButton label={board.close} look="quiet" side="bottom" onClick={onClose}>
          <X />
        </IconButton>
      </header>
      {children}
    </section>
  );
}
