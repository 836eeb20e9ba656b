import { X } from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';
import { useWords } from '../i18n/index.tsx';
import { focusOrigin } from './focus.ts';
import { IconButton } from './IconButton.tsx';
import styles from './Panel.module.css';

interface Props {
  title: string;
  onClose: () => void;
  /** Beside the title: buttons for the whole panel. */
  actions?: ReactNode;
  /** Scrolls by itself where it has to: the panel gives it the height. */
  children: ReactNode;
}

/**
 * Stands beside the stage, or on a phone comes up from below. Not modal. Takes focus unless something inside took it already, and gives
 * it back when it closes; Escape closes.
 */
export function Panel({ title, onClose, actions, children }: Props) {
  const { common } = useWords();
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    const element = panel.current;
    if (!element) return;
    const inside = () => element.contains(document.activeElement);
    const origin = inside() ? null : focusOrigin();
    if (!inside()) element.focus({ preventScroll: true });
    return () => {
      if (inside() || document.activeElement === document.body) origin?.focus();
    };
  }, []);

  return (
    <aside
      ref={panel}
      className={styles.panel}
      aria-label={title}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.defaultPrevented) return;
        event.preventDefault();
        onClose();
      }}
    >
      <header className={styles.header}>
        <h2 className={styles.title}>{title}</h2>
        {actions}
        <IconButton label={common.close} look="quiet" side="bottom" onClick={onClose}>
          <X />
        </IconButton>
      </header>
      <div className={styles.body}>{children}</div>
    </aside>
  );
}
