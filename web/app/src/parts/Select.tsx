import { type ReactNode, useId } from 'react';
import styles from './Field.module.css';

interface Props {
  label: string;
  /** Reads the label, but does not show it. */
  hideLabel?: boolean;
  icon?: ReactNode;
  value: string;
  options: readonly { value: string; label: string }[];
  disabled?: boolean;
  onChange: (value: string) => void;
}

/** The browser's own list: on a phone it is the phone's. */
export function Select({ label, hideLabel = false, icon, value, options, disabled = false, onChange }: Props) {
  const id = useId();
  return (
    <div className={styles.field}>
      {!hideLabel && (
        <label className={styles.label} htmlFor={id}>
          {label}
        </label>
      )}
      <div className={styles.control}>
        {icon}
        <select
          id={id}
          className={styles.select}
          aria-label={hideLabel ? label : undefined}
          value={value}
          disabled={disabled}
          onChange={(event) => onChange(event.target.value)}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}
