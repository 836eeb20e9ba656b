import { useState } from 'react';
import { Devices, type LocalPublication, type Room, RoomError } from 'tertulia-client';
import type { Switch } from './Toolbar.tsx';

export interface Failure {
  source: 'camera' | 'microphone';
  code: string;
}

/** One's own camera or microphone in the call. */
export function useSwitch(
  room: Room,
  source: 'camera' | 'microphone',
  onFailure: (failure: Failure | null) => void,
): Switch {
  const [busy, setBusy] = useState(false);
  const publication = room.local.publication(source);

  const toggle = async () => {
    setBusy(true);
    onFailure(null);
    try {
      if (!publication) await room.local.publish(await Devices[source]({}), { source });
      else if (publication.enabled) await switchOff(publication);
      else await switchOn(publication);
    } catch (error) {
      onFailure({ source, code: error instanceof RoomError ? error.code : 'failed' });
    } finally {
      setBusy(false);
    }
  };

  return { on: publication?.enabled ?? false, busy, toggle: () => void toggle() };
}

async function switchOff(publication: LocalPublication): Promise<void> {
  await publication.setEnabled(false);
  // Only a stopped camera puts out its light. A microphone is kept open: opening it takes a while, and the first word would be lost.
  if (publication.source === 'camera') publication.track.stop();
}

async function switchOn(publication: LocalPublication): Promise<void> {
  if (publication.track.readyState === 'ended')
    await publication.replace(await Devices[publication.source as 'camera' | 'microphone']({}));
  await publication.setEnabled(true);
}
