import { type ReactNode, useLayoutEffect, useRef, useState } from 'react';
import styles from './Grid.module.css';
import { arrange, type Box } from './layout.ts';

const GAP = 8;

/** Tiles of one size, as large as the space allows. */
export function Grid({ count, children }: { count: number; children: ReactNode }) {
  const element = useRef<HTMLUListElement>(null);
  const [box, setBox] = useState<Box>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const observed = element.current;
    if (!observed) return;
    const observer = new ResizeObserver(([entry]) => entry && setBox(entry.contentRect));
    observer.observe(observed);
    return () => observer.disconnect();
  }, []);
  const { columns, tile } = arrange(count, box, GAP);
  return (
    <ul
      ref={element}
      className={styles.grid}
      style={{
        gap: GAP,
        gridTemplateColumns: `repeat(${columns}, ${tile.width}px)`,
        gridAutoRows: `${tile.height}px`,
      }}
    >
      {children}
    </ul>
  );
}
