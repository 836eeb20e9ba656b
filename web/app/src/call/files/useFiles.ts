import { useEffect } from 'react';
import type { Room, SharedFile } from 'tertulia-client';
import { useRoomValue } from '../useRoomValue.ts';

/** The room's files, those that were shared before one came, too. */
export function useFiles(room: Room): readonly SharedFile[] {
  useEffect(() => {
    const stop = new AbortController();
    // Where they cannot be had, the chat is there all the same; the next opening of the panel asks again.
    room.files.list({ signal: stop.signal }).catch(() => undefined);
    return () => stop.abort();
  }, [room]);
  return useRoomValue(room, ({ files }) => files);
}
