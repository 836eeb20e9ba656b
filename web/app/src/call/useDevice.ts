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
}

const PROBLEMS = new Set<string>(['denied', 'no-device', 'in-use', 'insecure']);

function problemOf(error: unknown): DeviceProblem {
  const code = error instanceof RoomError ? error.code : '';
  return PROBLEMS.has(code) ? (code as DeviceProblem) : 'failed';
}

/** A camera or a microphone that is switched on and off. Off stops the device, so that its light goes out. */
export function useDevice(kind: 'camera' | 'microphone', startOn: boolean): Device {
  const [state, setState] = useState<DeviceState>({ is: 'off' });
  const current = useRef<{ abort: AbortController; track: MediaStreamTrack | null } | null>(null);

  const off = useCallback(() => {
    current.current?.abort.abort();
    current.current?.track?.stop();
    current.current = null;
    setState({ is: 'off' });
  }, []);

  const on = useCallback(() => {
    current.current?.abort.abort();
    current.current?.track?.stop();
    const mine = { abort: new AbortController(), track: null as MediaStreamTrack | null };
    current.current = mine;
    setState({ is: 'starting' });
    Devices[kind]({}, { signal: mine.abort.signal }).then(
      (track) => {
        if (current.current !== mine) {
          track.stop();
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
  }, [kind]);

  // Whether to start is decided once; later the person decides.
  const first = useRef(startOn);
  useEffect(() => {
    if (first.current) on();
    return off;
  }, [on, off]);

  return { state, on, off };
}
