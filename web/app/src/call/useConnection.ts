import { useEffect, useState } from 'react';
import type { Room } from 'tertulia-client';
import { useRoomValue } from './useRoomValue.ts';

export type Connection = { is: 'up' } | { is: 'lost'; attempt: number } | { is: 'back' };

/** A break that is over sooner is not worth a word. */
const PATIENCE = 1000;
const BACK_SHOWN = 4000;

/** How the connection to the room does, as far as a person should hear of it. */
export function useConnection(room: Room): Connection {
  const lost = useRoomValue(room, ({ state }) => state === 'reconnecting');
  const [attempt, setAttempt] = useState(0);
  const [told, setTold] = useState<Connection['is']>('up');
  useEffect(() => {
    const stop = new AbortController();
    room.addEventListener('reconnecting', (event) => setAttempt(event.attempt), { signal: stop.signal });
    return () => stop.abort();
  }, [room]);
  useEffect(() => {
    if (lost) {
      const timer = setTimeout(() => setTold('lost'), PATIENCE);
      return () => clearTimeout(timer);
    }
    setAttempt(0);
    setTold((is) => (is === 'lost' ? 'back' : is));
    const timer = setTimeout(() => setTold('up'), BACK_SHOWN);
    return () => clearTimeout(timer);
  }, [lost]);
  return told === 'lost' ? { is: told, attempt } : { is: told };
}
