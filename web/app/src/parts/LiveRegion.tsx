import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { createBatch } from './batch.ts';
import styles from './LiveRegion.module.css';

export interface Announce {
  /** Read when there is a pause. What comes within three seconds is read together: ten people join in one sentence. */
  polite(text: string): void;
  /** Interrupts: only for what happened to this person, as being muted or removed. */
  assertive(text: string): void;
}

const Context = createContext<Announce>({ polite: () => undefined, assertive: () => undefined });

/** For screen readers only; nothing is seen. */
export const useAnnounce = (): Announce => useContext(Context);

const BATCH = 3000;

/** Holds the two live regions of the page. They have to be there before something is said. */
export function LiveRegion({ children }: { children: ReactNode }) {
  const [polite, setPolite] = useState('');
  const [assertive, setAssertive] = useState({ text: '', count: 0 });
  const batch = useRef<ReturnType<typeof createBatch> | null>(null);
  useEffect(() => {
    const mine = createBatch(BATCH, (texts) => setPolite(texts.join(' ')));
    batch.current = mine;
    return () => mine.stop();
  }, []);
  const announce = useMemo<Announce>(
    () => ({
      polite: (text) => batch.current?.add(text),
      assertive: (text) => setAssertive((last) => ({ text, count: last.count + 1 })),
    }),
    [],
  );
  return (
    <Context.Provider value={announce}>
      {children}
      <div className={styles.hidden} aria-live="polite">
        {polite}
      </div>
      {/* The key makes a repeated sentence a change, so that it is read again. */}
      <div className={styles.hidden} aria-live="assertive">
        <span key={assertive.count}>{assertive.text}</span>
      </div>
    </Context.Provider>
  );
}
