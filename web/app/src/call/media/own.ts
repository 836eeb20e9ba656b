import type { Room } from 'tertulia-client';

export type DeviceProblem = 'denied' | 'no-device' | 'in-use' | 'insecure' | 'failed';
export type OwnKind = 'camera' | 'microphone';

/** One's own camera or microphone, from before the call to its end. `RoomPage` owns it (`useOwnDevices`); pages and toolbar show it. */
export interface OwnDevice {
  readonly kind: OwnKind;
  /** `on` in the call means: the others see or hear it. */
  readonly state: 'off' | 'starting' | 'on' | 'failed';
  readonly problem: DeviceProblem | null;
  /** What is captured now; null when nothing is. */
  readonly track: MediaStreamTrack | null;
  /** Of the devices below; null: the browser's choice. */
  readonly deviceId: string | null;
  readonly available: readonly DeviceChoice[];
  toggle(): void;
  choose(deviceId: string): void;
}

export interface DeviceChoice {
  id: string;
  /** Empty before the person has granted access. */
  label: string;
}

export interface Speaker {
  /** False where the browser cannot choose where sound goes. */
  readonly supported: boolean;
  readonly deviceId: string | null;
  readonly available: readonly DeviceChoice[];
  choose(deviceId: string): void;
}

export interface OwnDevices {
  readonly camera: OwnDevice;
  readonly microphone: OwnDevice;
  readonly speaker: Speaker;
  /** From now on what is on is published there, and on and off are told to the others. */
  enter(room: Room): Promise<void>;
  /** Lets go of everything: the lights go out. */
  release(): void;
}
