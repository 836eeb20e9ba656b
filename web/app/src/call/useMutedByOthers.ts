import { useEffect, useMemo, useRef } from 'react';
import type { OwnDevice, OwnDevices, OwnKind } from './media/own.ts';

/** Tells when a device that was on goes off without this person having done it. What is returned has to be used for switching. */
export function useMutedByOthers(devices: OwnDevices, tell: (kind: OwnKind) => void): OwnDevices {
  const microphone = useWatched(devices.microphone, tell);
  const camera = useWatched(devices.camera, tell);
  return useMemo(() => ({ ...devices, microphone, camera }), [devices, microphone, camera]);
}

function useWatched(device: OwnDevice, tell: (kind: OwnKind) => void): OwnDevice {
  const own = useRef(false);
  const before = useRef(device.state);
  useEffect(() => {
    if (before.current === 'on' && device.state === 'off' && !own.current) tell(device.kind);
    before.current = device.state;
    if (device.state !== 'starting') own.current = false;
  }, [device.state, device.kind, tell]);
  return useMemo(
    () => ({
      ...device,
      toggle: () => {
        own.current = true;
        device.toggle();
      },
    }),
    [device],
  );
}
