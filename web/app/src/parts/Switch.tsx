import { Switch as Radix } from 'radix-ui';
import { type ReactNode, useId } from 'react';
import styles from './Switch.module.css';

interface Props {
  label: string;
  hint?: ReactNode;
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
}

/** On or off, at once. */
export function Switch({ label, hint, checked, disabled = false, onChange }: Props) {
  const id = useId();
  const described = useId();
  return (
    <div className={styles.row}>
      <label className={styles.label} htmlFor={id}>
        {label}
        {hint && (
          <span id={described} className={styles.hint}>
            {hint}
          </span>
        )}
      </label>
      <Radix.Root
        id={id}
        className={styles.switch}
        aria-label={label}
        aria-describedby={hint ? described : undefined}
        checked={checked}
        disabled={disabled}
        onCheckedChange={onChange}
      >
        <Radix.Thumb className={styles.thumb} />
      </Radix.Root>
    </div>
  );
}
