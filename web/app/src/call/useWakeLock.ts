import { useEffect } from 'react';

/** Keeps the screen lit while this is shown. The browser takes the lock away with each change of tab, so it is asked for anew. */
export function useWakeLock(): void {
  useEffect(() => {
    let lock: WakeLockSentinel | null = null;
    let over = false;
    const acquire = async () => {
      if (document.visibilityState !== 'visible') return;
      try {
        const got = await navigator.wakeLock?.request('screen');
        if (over) await got?.release();
        else lock = got ?? null;
      } catch {
        // Refused, for instance to save the battery: then the screen goes dark as it always does.
      }
    };
    void acquire();
    document.addEventListener('visibilitychange', acquire);
    return () => {
      over = true;
      document.removeEventListener('visibilitychange', acquire);
      void lock?.release();
    };
  }, []);
}
