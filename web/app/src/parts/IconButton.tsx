import type { ComponentProps, FocusEvent, ReactNode } from 'react';
import styles from './IconButton.module.css';
import { Tooltip } from './Tooltip.tsx';

interface Props extends Omit<ComponentProps<'button'>, 'className' | 'aria-label' | 'aria-pressed' | 'title'> {
  /** What pressing it does. Either it changes with the state, or `pressed` does; never both. */
  label: string;
  pressed?: boolean | undefined;
  /** `neutral`, `off` and `danger` are for the stage, `quiet` for pages, panels and dialogs. */
  look?: 'neutral' | 'off' | 'danger' | 'quiet';
  /** A number or a dot at the corner; say in the label what it means. */
  badge?: ReactNode;
  /** The key that does the same, as it stands on the keyboard. */
  shortcut?: string | undefined;
  /** Where the tooltip opens. */
  side?: 'top' | 'bottom' | 'left' | 'right';
  children: ReactNode;
}

/** A button with a picture on it, and the words in a tooltip. */
export function IconButton({
  label,
  pressed,
  look = 'neutral',
  badge,
  shortcut,
  side = 'top',
  children,
  onFocus,
  'aria-describedby': describedBy,
  ...rest
}: Props) {
  return (
    <Tooltip label={label} shortcut={shortcut} side={side}>
      <button
        type="button"
        className={`${styles.button} ${styles[look]}`}
        aria-label={label}
        aria-pressed={pressed}
        aria-keyshortcuts={shortcut}
        // The tooltip says what the name says; as a description it would be read twice.
        aria-describedby={describedBy}
        onFocus={(event) => {
          onFocus?.(event);
          onlyByKeyboard(event);
        }}
        {...rest}
      >
        {children}
        {badge !== undefined && badge !== null && badge !== false && (
          <span className={styles.badge} aria-hidden="true">
            {badge}
          </span>
        )}
      </button>
    </Tooltip>
  );
}

/** Focus that comes back from a dialog after a click is no reason to show the tooltip. */
function onlyByKeyboard(event: FocusEvent<HTMLButtonElement>): void {
  if (!event.currentTarget.matches(':focus-visible')) event.preventDefault();
}
