import { axisEnd, line, type Point } from './history.ts';
import styles from './Plot.module.css';

export interface Curve {
  label: string;
  value: (point: Point) => number | null;
}

interface Props {
  title: string;
  history: readonly Point[];
  /** One or two; the second is dashed. */
  curves: readonly Curve[];
  /** The axis ends here or above. */
  least: number;
  unit: (value: number) => string;
  unknown: string;
  /** All curves in words. */
  description: (curve: Curve, now: string, low: string, high: string) => string;
}

/** Values over the last two minutes. */
export function Plot({ title, history, curves, least, unit, unknown, description }: Props) {
  const known = ({ value }: Curve) => history.map(value).filter((one) => one !== null);
  const end = axisEnd(curves.flatMap(known), least);
  const now = (curve: Curve) => {
    const last = history.at(-1);
    const value = last && curve.value(last);
    return value === null || value === undefined ? unknown : unit(value);
  };
  const words = curves.map((curve) => {
    const values = known(curve);
    if (values.length === 0) return `${curve.label}: ${unknown}`;
    return description(curve, now(curve), unit(Math.min(...values)), unit(Math.max(...values)));
  });
  return (
    <figure className={styles.plot}>
      <figcaption className={styles.caption}>
        <span className={styles.title}>
          {title}
          <span aria-hidden="true">0 – {unit(end)}</span>
        </span>
        {curves.map((curve, index) => (
          <span key={curve.label} className={styles.now} data-curve={index}>
            {curves.length > 1 && `${curve.label} `}
            <strong>{now(curve)}</strong>
          </span>
        ))}
      </figcaption>
      <svg
        className={styles.area}
        viewBox="0 0 100 100"
        preserveAspectRatio="none"
        role="img"
        aria-label={words.join(' ')}
      >
        <line x1="0" y1="0.5" x2="100" y2="0.5" className={styles.grid} />
        <line x1="0" y1="50" x2="100" y2="50" className={styles.grid} />
        <line x1="0" y1="99.5" x2="100" y2="99.5" className={styles.grid} />
        {curves.map((curve, index) => (
          <polyline
            key={curve.label}
            data-curve={index}
            className={styles.curve}
            points={line(history, curve.value, end)}
          />
        ))}
      </svg>
    </figure>
  );
}
