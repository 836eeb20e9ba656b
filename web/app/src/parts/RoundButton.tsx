import type { ComponentProps, ReactNode } from 'react';
import styles from './RoundButton.module.css';

interface Props extends Omit<ComponentProps<'button'>, 'className' | 'aria-label'> {
  /** What pressing it does; it changes with the state, so there is no aria-pressed besides. */
  label: string;
  look?: 'neutral' | 'off' | 'danger';
  children: ReactNode;
}

/** A round button with a picture on it, for use on video. */
export function RoundButton({ label, look = 'neutral', children, ...rest }: Props) {
  return (
    <button type="button" className={`${styles.button} ${styles[look]}`} aria-label={label} title={label} {...rest}>
      {children}
    </button>
  );
}
