import { useEffect, useState } from 'react';
import type { Room } from 'tertulia-client';
import { type Floor, giveFloor, HOLD } from './floor.ts';

/** Id of the other person who has the floor; null before anybody spoke. Renders again when the floor changes hands, never for a level. */
export function useFloor(room: Room, enabled: boolean): string | null {
  const [speaker, setSpeaker] = useState<string | null>(null);
  useEffect(() => {
    if (!enabled) return;
    let floor: Floor = { speaker: null, since: 0 };
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const listen = () => {
      const loudest = room.speakers.find(({ participant }) => participant !== room.local.id)?.participant ?? null;
      const now = performance.now();
      const next = giveFloor(floor, loudest, now);
      clearTimeout(waiting);
      // Who goes on at the same level makes no further event.
      if (next === floor && loudest !== null && loudest !== floor.speaker)
        waiting = setTimeout(listen, floor.since + HOLD - now);
      if (next === floor) return;
      floor = next;
      setSpeaker(floor.speaker);
    };
    listen();
    room.addEventListener('speakerschange', listen);
    return () => {
      clearTimeout(waiting);
      room.removeEventListener('speakerschange', listen);
    };
  }, [room, enabled]);
  return speaker;
}
