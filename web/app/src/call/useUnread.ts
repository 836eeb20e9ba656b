import { useCallback, useSyncExternalStore } from 'react';
import type { Room } from 'tertulia-client';
import { countUnread, type Reading } from './unread.ts';

/** How many messages wait to be read; renders again only when the number changes. */
export function useUnread(room: Room, reading: Reading): number {
  const subscribe = useCallback(
    (changed: () => void) => {
      const stops = [room.subscribe(changed), reading.subscribe(changed)];
      return () => {
        for (const stop of stops) stop();
      };
    },
    [room, reading],
  );
  return useSyncExternalStore(subscribe, () => countUnread(room.chat.messages, reading, room.local.id));
}
