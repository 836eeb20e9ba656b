import { useCallback, useEffect, useState } from 'react';
import type { Room } from 'tertulia-client';
import type { OwnDevices, OwnKind } from './media/own.ts';
import { useRoomValue } from './useRoomValue.ts';

export interface Asked {
  kind: OwnKind;
  /** Name of the moderator; null when they have left already. */
  by: string | null;
}

/** What a moderator has asked this person to turn on, until it is on, answered, or no longer allowed. */
export function useAsked(room: Room, devices: OwnDevices): [asked: Asked | null, answered: () => void] {
  const [asked, setAsked] = useState<Asked | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    room.addEventListener(
      'unmuteasked',
      ({ by, source }) => {
        if (source !== 'camera' && source !== 'microphone') return;
        setAsked({ kind: source, by: room.participants.get(by)?.name ?? null });
      },
      { signal: stop.signal },
    );
    return () => stop.abort();
  }, [room]);
  const allowed = useRoomValue(room, ({ rights }) => asked !== null && rights.includes(`publish:${asked.kind}`));
  const pending = asked !== null && allowed && devices[asked.kind].state !== 'on';
  return [pending ? asked : null, useCallback(() => setAsked(null), [])];
}
