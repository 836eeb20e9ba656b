import { useCallback, useEffect, useRef, useState } from 'react';
import type { Room } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { canOpenVideo, openVideo } from './miniVideo.ts';
import { canOpenWindow, openWindow } from './miniWindow.ts';
import type { Toggle } from './useFullScreen.ts';

/** The call in a small window above all others: what is shared, else who speaks. */
export function usePictureInPicture(room: Room): Toggle {
  const { stage: words } = useWords();
  const [active, setActive] = useState(false);
  const opened = useRef<AbortController | null>(null);
  const close = useCallback(() => {
    opened.current?.abort();
    opened.current = null;
    setActive(false);
  }, []);
  useEffect(() => close, [close]);

  const toggle = useCallback(() => {
    if (opened.current) return close();
    const until = new AbortController();
    opened.current = until;
    const opening = canOpenWindow()
      ? openWindow(room, words.microphoneOff, until.signal, close)
      : openVideo(room, until.signal, close);
    opening.then(
      () => setActive(!until.signal.aborted),
      // A browser may refuse, as without a click; then all stays as it is.
      () => opened.current === until && close(),
    );
  }, [room, words, close]);

  return { supported: canOpenWindow() || canOpenVideo(), active, toggle };
}
