import type { ComponentProps } from 'react';
import styles from './Button.module.css';

interface Props extends Omit<ComponentProps<'button'>, 'className'> {
  /** `plain` for the second choice, `quiet` for what should not draw the eye. */
  look?: 'accent' | 'plain' | 'quiet' | 'danger';
  wide?: boolean;
}

/** A button with words on it. */
export function Button({ look = 'accent', wide = false, type = 'button', ...rest }: Props) {
  return <button type={type} className={`${styles.button} ${styles[look]} ${wide ? styles.wide : ''}`} {...rest} />;
}
