import { useCallback, useEffect, useRef, useState } from 'react';
import type { CheckId, Outcome } from './check.ts';
import { tryDevice } from './devices.ts';
import { examine, type Findings, NOTHING_YET } from './examine.ts';
import type { Target } from './target.ts';

interface Doctor {
  findings: Findings;
  again: () => void;
  /** Asks the person for camera and microphone, and tries both. */
  tryDevices: () => Promise<void>;
}

/** Examines at once, and until the page is left. `name`: how those in the room would see the visit. */
export function useDoctor(target: Target, name: string): Doctor {
  const [findings, setFindings] = useState(NOTHING_YET);
  const [round, setRound] = useState(0);
  const latest = useRef({ target, name });
  useEffect(() => {
    latest.current = { target, name };
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: each round is another examination
  useEffect(() => {
    const stop = new AbortController();
    const { target, name } = latest.current;
    setFindings(NOTHING_YET);
    examine(target, { name, onChange: setFindings, signal: stop.signal }).catch((error) => {
      if (!stop.signal.aborted) throw error;
    });
    return () => stop.abort();
  }, [round]);

  const again = useCallback(() => setRound((last) => last + 1), []);
  const tryDevices = useCallback(async () => {
    const put = (id: CheckId, outcome: Outcome) =>
      setFindings((last) => ({
        ...last,
        checks: last.checks.map((check) => (check.id === id ? { id, ...outcome } : check)),
      }));
    for (const device of ['camera', 'microphone'] as const) {
      put(device, { state: 'running', detail: {} });
      put(device, await tryDevice(device));
    }
  }, []);
  return { findings, again, tryDevices };
}
