import { useEffect, useState } from 'react';
import type { DocumentStatus, Room, SharedDocument } from 'tertulia-client';

export interface Opened {
  /** Null until what the server has of it is here. */
  document: SharedDocument | null;
  status: DocumentStatus;
  /** The code of what went wrong. */
  problem: string | null;
}

const OPENING: Opened = { document: null, status: 'connecting', problem: null };

/** A document of the room, open as long as this is shown. */
export function useDocument(room: Room, name: string): Opened {
  const [opened, setOpened] = useState(OPENING);
  useEffect(() => {
    const stop = new AbortController();
    let document: SharedDocument | null = null;
    const open = async () => {
      const shared = await room.document(name, { signal: stop.signal });
      if (stop.signal.aborted) return shared.close();
      document = shared;
      let ready = false;
      const show = () =>
        setOpened({ document: ready ? shared : null, status: shared.status, problem: shared.error?.code ?? null });
      shared.addEventListener('statuschange', show, { signal: stop.signal });
      await shared.synced;
      ready = true;
      if (!stop.signal.aborted) show();
    };
    open().catch((error: { code?: string }) => {
      if (!stop.signal.aborted) setOpened({ document: null, status: 'refused', problem: error.code ?? 'failed' });
    });
    return () => {
      stop.abort();
      document?.close();
      setOpened(OPENING);
    };
  }, [room, name]);
  return opened;
}
