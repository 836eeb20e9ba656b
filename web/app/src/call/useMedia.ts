import { useCallback, useSyncExternalStore } from 'react';

/** Where the toolbar has room for five buttons only, and panels come up from below. */
export const NARROW = '(max-width: 37.5rem)';

/** Where it has room for all buttons, but not for the choice of devices beside them. */
export const TIGHT = '(max-width: 48rem)';

/** Whether a media query holds. */
export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (changed: () => void) => {
      const list = matchMedia(query);
      list.addEventListener('change', changed);
      return () => list.removeEventListener('change', changed);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}
