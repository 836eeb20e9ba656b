import { useEffect } from 'react';
import type { Room } from 'tertulia-client';
import type { Member } from './cast.ts';

/** Tells the senders' side of videos that have no tile now that they are not seen. A tile, once there, tells its own size. */
export function useUnseen(room: Room, unseen: readonly Member[]): void {
  const ids = unseen.flatMap(({ person, picture }) => (picture && !person.local ? [picture.id] : [])).join(' ');
  useEffect(() => {
    const hidden = new Set(ids.split(' '));
    for (const person of room.participants.values())
      for (const publication of person.publications.values())
        if (hidden.has(publication.id)) publication.prefer({ visible: false }).catch(() => undefined);
  }, [room, ids]);
}
