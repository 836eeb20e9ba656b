import type { ComponentProps } from 'react';
import styles from './Button.module.css';

interface Props extends Omit<ComponentProps<'button'>, 'className'> {
  look?: 'accent' | 'plain' | 'danger';
  wide?: boolean;
}

/** A button with words on it. */
export function Button({ look = 'accent', wide = false, type = 'button', ...rest }: Props) {
  return <button type={type} className={`${styles.button} ${styles[look]} ${wide ? styles.wide : ''}`} {...rest} />;
}
