import { useEffect } from 'react';
import type { Room } from 'tertulia-client';

/** Has the pinned video (by id) come before others, where the network does not carry all of them. */
export function usePinned(room: Room, id: string | null): void {
  useEffect(() => {
    const all = [...room.participants.values()].flatMap((person) => [...person.publications.values()]);
    const publication = all.find((one) => one.id === id);
    publication?.prefer({ pinned: true }).catch(() => undefined);
    return () => void publication?.prefer({ pinned: false }).catch(() => undefined);
  }, [room, id]);
}
