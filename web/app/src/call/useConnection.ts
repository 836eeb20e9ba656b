import { useEffect, useState } from 'react';
import type { Room } from 'tertulia-client';
import { useRoomValue } from './useRoomValue.ts';

/** `what`: the server, or the connection that carries picture and sound. `stuck`: for so long that help is due. */
export type Connection =
  | { is: 'up' }
  | { is: 'lost'; attempt: number; what: 'server' | 'media'; stuck: boolean }
  | { is: 'back' };

/** A break that is over sooner is not worth a word. */
const PATIENCE = 1000;
/** What comes back by itself has mostly come back by then. */
const STUCK_AFTER = 10_000;
const BACK_SHOWN = 4000;

/** How the connection to the room does, as far as a person should hear of it. */
export function useConnection(room: Room): Connection {
  const lost = useRoomValue(room, ({ state }) => state === 'reconnecting');
  const [last, setLast] = useState<{ attempt: number; what: 'server' | 'media' }>(NEVER);
  const [told, setTold] = useState<Connection['is']>('up');
  const [stuck, setStuck] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    room.addEventListener(
      'reconnecting',
      ({ attempt, phase }) => setLast({ attempt, what: phase === 'ice' ? 'media' : 'server' }),
      { signal: stop.signal },
    );
    return () => stop.abort();
  }, [room]);
  useEffect(() => {
    if (lost) {
      const tell = setTimeout(() => setTold('lost'), PATIENCE);
      const help = setTimeout(() => setStuck(true), STUCK_AFTER);
      return () => {
        clearTimeout(tell);
        clearTimeout(help);
      };
    }
    setLast(NEVER);
    setStuck(false);
    setTold((is) => (is === 'lost' ? 'back' : is));
    const timer = setTimeout(() => setTold('up'), BACK_SHOWN);
    return () => clearTimeout(timer);
  }, [lost]);
  return told === 'lost' ? { is: told, ...last, stuck } : { is: told };
}

const NEVER = { attempt: 0, what: 'server' } as const;
