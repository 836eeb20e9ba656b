import { useCallback, useSyncExternalStore } from 'react';
import type { Room, RoomSnapshot } from 'tertulia-client';

/**
 * Renders again only when what is selected changes. `select` has to give the same object for the same snapshot: pick from the snapshot, do
 * not build.
 */
export function useRoomValue<T>(room: Room, select: (snapshot: RoomSnapshot) => T): T {
  const subscribe = useCallback((changed: () => void) => room.subscribe(changed), [room]);
  return useSyncExternalStore(subscribe, () => select(room.snapshot));
}
