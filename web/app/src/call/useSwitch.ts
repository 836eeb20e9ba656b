import { useState } from 'react';
import { Devices, type Room, RoomError } from 'tertulia-client';
import type { Switch } from './Toolbar.tsx';

export interface Failure {
  source: 'camera' | 'microphone';
  code: string;
}

/** The state of one's own camera or microphone in the call: published and not muted. Switching it on for the first time opens the device. */
export function useSwitch(room: Room, source: 'camera' | 'microphone', onFailure: (failure: Failure | null) => void): Switch {
  const [busy, setBusy] = useState(false);
  const publication = [...room.local.publications.values()].find((one) => one.source === source);

  const toggle = async () => {
    setBusy(true);
    onFailure(null);
    try {
      if (publication) await publication.setEnabled(!publication.enabled);
      else await room.local.publish(await Devices[source]({}), { source });
    } catch (error) {
      onFailure({ source, code: error instanceof RoomError ? error.code : 'failed' });
    } finally {
      setBusy(false);
    }
  };

  return { on: publication?.enabled ?? false, busy, toggle: () => void toggle() };
}
