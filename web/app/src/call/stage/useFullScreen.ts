import { type RefObject, useCallback, useEffect, useState } from 'react';

export interface Toggle {
  /** False where the browser cannot do it; then there should be no button. */
  supported: boolean;
  active: boolean;
  toggle: () => void;
}

/** Shows an element on the whole screen. iPhones know that for video only, and are told to be unable. */
export function useFullScreen(element: RefObject<HTMLElement | null>): Toggle {
  const [active, setActive] = useState(false);
  useEffect(() => {
    const changed = () =>
      setActive(document.fullscreenElement !== null && document.fullscreenElement === element.current);
    document.addEventListener('fullscreenchange', changed);
    return () => document.removeEventListener('fullscreenchange', changed);
  }, [element]);
  const toggle = useCallback(() => {
    // A browser may refuse, as without a click; then all stays as it is.
    const done = document.fullscreenElement ? document.exitFullscreen() : element.current?.requestFullscreen();
    done?.catch(() => undefined);
  }, [element]);
  return { supported: document.fullscreenEnabled === true, active, toggle };
}
