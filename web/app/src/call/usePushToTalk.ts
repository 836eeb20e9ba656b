import { useEffect, useRef, useState } from 'react';
import { isCovered, takesKeys } from './keyboard.ts';
import type { OwnDevice } from './media/own.ts';

/**
 * Who is muted can be heard while holding Space. A control that was reached by keyboard keeps its Space; after a click on one it is free, or
 * the release would press the button once more.
 */
export function usePushToTalk(microphone: OwnDevice, enabled: boolean): void {
  const [held, setHeld] = useState(false);
  const opened = useRef(false);
  const latest = useRef(microphone);
  useEffect(() => {
    latest.current = microphone;
  });

  useEffect(() => {
    if (!enabled) return;
    const stop = new AbortController();
    let byKeyboard = false;
    let down = false;
    const release = () => {
      down = false;
      setHeld(false);
    };
    const listen = <K extends keyof DocumentEventMap>(type: K, run: (event: DocumentEventMap[K]) => void) =>
      document.addEventListener(type, run, { signal: stop.signal });
    listen('pointerdown', () => {
      byKeyboard = false;
    });
    listen('keydown', (event) => {
      if (event.key !== ' ') {
        byKeyboard ||= event.key === 'Tab' || event.key === 'F6' || event.key.startsWith('Arrow');
        return;
      }
      if (down) return event.preventDefault();
      const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.defaultPrevented && !event.repeat;
      const free = event.target === document.body || (!byKeyboard && !takesKeys(event.target));
      if (!plain || !free || isCovered() || latest.current.state !== 'off') return;
      event.preventDefault();
      down = true;
      setHeld(true);
    });
    listen('keyup', (event) => {
      if (event.key !== ' ' || !down) return;
      event.preventDefault();
      release();
    });
    listen('visibilitychange', release);
    window.addEventListener('blur', release, { signal: stop.signal });
    return () => {
      stop.abort();
      setHeld(false);
    };
  }, [enabled]);

  // Opening takes a moment, so both ends wait for the state that they need.
  useEffect(() => {
    if (held && !opened.current && microphone.state === 'off') {
      opened.current = true;
      microphone.toggle();
    } else if (!held && opened.current && microphone.state !== 'starting') {
      opened.current = false;
      if (microphone.state === 'on') microphone.toggle();
    }
  }, [held, microphone]);
}
