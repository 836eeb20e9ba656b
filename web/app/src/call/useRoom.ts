import { useCallback, useSyncExternalStore } from 'react';
import type { Room } from 'tertulia-client';

/** Renders again when anything of the room changes; the room object itself is the store. */
export function useRoom(room: Room): Room['snapshot'] {
  const subscribe = useCallback((changed: () => void) => room.subscribe(changed), [room]);
  return useSyncExternalStore(subscribe, () => room.snapshot);
}
