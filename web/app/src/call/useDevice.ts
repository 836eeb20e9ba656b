import { useCallback, useEffect, useRef, useState } from 'react';
import { Devices, RoomError } from 'tertulia-client';

export type DeviceProblem = 'denied' | 'no-device' | 'in-use' | 'insecure' | 'failed';
export type DeviceState =
  | { is: 'off' }
  | { is: 'starting' }
  | { is: 'on'; track: MediaStreamTrack }
  | { is: 'failed'; problem: DeviceProblem };

export interface Device {
  state: DeviceState;
  on: () => void;
  off: () => void;
  /** Gives the device away, also while it is still starting; from then on it is the taker's to stop. Null: it is off, or failed. */
  take: () => Promise<MediaStreamTrack | null>;
}

interface Opening {
  abort: AbortController;
  track: MediaStreamTrack | null;
  opened: Promise<MediaStreamTrack>;
  taken: boolean;
}

const PROBLEMS = new Set<string>(['denied', 'no-device', 'in-use', 'insecure']);

function problemOf(error: unknown): DeviceProblem {
  const code = error instanceof RoomError ? error.code : '';
  return PROBLEMS.has(code) ? (code as DeviceProblem) : 'failed';
}

/** A camera or a microphone that is switched on and off. Off stops the device, so that its light goes out. */
export function useDevice(kind: 'camera' | 'microphone', startOn: boolean): Device {
  const [state, setState] = useState<DeviceState>({ is: 'off' });
  const current = useRef<Opening | null>(null);

  const stop = useCallback(() => {
    const opening = current.current;
    current.current = null;
    if (opening?.taken !== false) return;
    opening.abort.abort();
    opening.track?.stop();
  }, []);

  const off = useCallback(() => {
    stop();
    setState({ is: 'off' });
  }, [stop]);

  const on = useCallback(() => {
    stop();
    const abort = new AbortController();
    const opened = Devices[kind]({}, { signal: abort.signal });
    const mine: Opening = { abort, track: null, opened, taken: false };
    current.current = mine;
    setState({ is: 'starting' });
    opened.then(
      (track) => {
        if (current.current !== mine) {
          if (!mine.taken) track.stop();
          return;
        }
        mine.track = track;
        track.addEventListener(
          'ended',
          () => current.current === mine && setState({ is: 'failed', problem: 'no-device' }),
        );
        setState({ is: 'on', track });
      },
      (error) => {
        if (current.current === mine) setState({ is: 'failed', problem: problemOf(error) });
      },
    );
  }, [kind, stop]);

  const take = useCallback(async () => {
    const opening = current.current;
    if (!opening) return null;
    opening.taken = true;
    return opening.opened.catch(() => null);
  }, []);

  // Whether to start is decided once; later the person decides.
  const first = useRef(startOn);
  useEffect(() => {
    if (first.current) on();
    return off;
  }, [on, off]);

  return { state, on, off, take };
}
