import { type ComponentProps, type ReactNode, useId } from 'react';
import styles from './Field.module.css';

interface Props extends Omit<ComponentProps<'input'>, 'id' | 'className' | 'onChange' | 'aria-invalid'> {
  label: string;
  /** Shown below and read with the field; also marks it as wrong. */
  problem?: string | null;
  /** Beside the field, on its line. */
  after?: ReactNode;
  onChange: (value: string) => void;
}

export function TextField({ label, problem = null, after, onChange, ...rest }: Props) {
  const id = useId();
  const below = useId();
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id}>
        {label}
      </label>
      <div className={styles.row}>
        <input
          id={id}
          className={styles.input}
          aria-invalid={problem !== null}
          aria-describedby={problem === null ? undefined : below}
          onChange={(event) => onChange(event.target.value)}
          {...rest}
        />
        {after}
      </div>
      {problem !== null && (
        <p id={below} role="alert" className={styles.problem}>
          {problem}
        </p>
      )}
    </div>
  );
}
