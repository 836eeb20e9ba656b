import { useEffect, useRef, useState } from 'react';
import type { Room } from 'tertulia-client';
import { keyOf } from './cast.ts';
import { bubble, follow } from './order.ts';

/** How many of those who speak at once are brought forward. */
const VOICES = 3;

/** The order of the people's tiles: as they came, but who speaks is among the first `first`. */
export function useOrder(room: Room, present: readonly string[]) {
  const [known, setKnown] = useState<readonly string[]>(present);
  const order = follow(known, present);
  if (order !== known) setKnown(order);
  /** How many tiles of people the first page holds; known only when the order is laid out. */
  const first = useRef(Number.POSITIVE_INFINITY);
  const current = useRef(order);
  useEffect(() => {
    current.current = order;
  }, [order]);

  useEffect(() => {
    const spoke = new Map<string, number>();
    const listen = () => {
      const speaking = room.speakers.map(({ participant }) => keyOf(participant, 'camera'));
      for (const key of speaking) spoke.set(key, performance.now());
      const fixed = new Set([keyOf(room.local.id, 'camera')]);
      const next = bubble(current.current, speaking.slice(0, VOICES), first.current, { spoke, fixed });
      if (next !== current.current) setKnown(next);
    };
    room.addEventListener('speakerschange', listen);
    return () => room.removeEventListener('speakerschange', listen);
  }, [room]);
  return { order, first };
}
