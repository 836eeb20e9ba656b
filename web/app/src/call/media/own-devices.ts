import { Devices, type Room } from 'tertulia-client';
import { prefs, remember } from '../../prefs.ts';
import { Capture } from './capture.ts';
import type { DeviceChoice, DeviceProblem, OwnDevice, OwnDevices, OwnKind, Speaker } from './own.ts';

/** Something about the devices that the person should hear of. */
export type DeviceNotice =
  | { type: 'recovered'; kind: OwnKind; label: string }
  | { type: 'switch-failed'; kind: OwnKind; problem: DeviceProblem }
  /** By a moderator. */
  | { type: 'muted'; kind: OwnKind }
  /** Something was plugged in; `use` switches to it. */
  | { type: 'new'; label: string; use: () => void };

/** The devices as pages see them, and what only the page of the room may do with them. */
export interface OwnedDevices extends OwnDevices {
  /** `ask`: the browser would ask, and this person has not yet let the page use anything, so nothing was opened. */
  readonly consent: 'unknown' | 'ask' | 'given';
  /** Turns on what was on when last used. */
  resume(): void;
  /** On or off by somebody else's wish: not remembered. */
  turn(kind: OwnKind, on: boolean): void;
}

const KINDS: readonly OwnKind[] = ['camera', 'microphone'];
const INPUT = { camera: 'videoinput', microphone: 'audioinput' } as const;
const ID = { camera: 'cameraId', microphone: 'microphoneId' } as const;
/** Chromium lists the device for calls a second time under this name. */
const DOUBLE = 'communications';
const STANDARD = 'default';

/** Owner of one's own camera and microphone, from before the call to its end. A store for `useSyncExternalStore`. */
export class OwnDevicesStore {
  readonly #tell: (notice: DeviceNotice) => void;
  readonly #listeners = new Set<() => void>();
  readonly #captures: Record<OwnKind, Capture>;
  #consent: OwnedDevices['consent'] = 'unknown';
  #known: readonly MediaDeviceInfo[] = [];
  #snapshot: OwnedDevices | null = null;

  constructor(tell: (notice: DeviceNotice) => void) {
    this.#tell = tell;
    const capture = (kind: OwnKind) =>
      new Capture(kind, {
        open: (options) => this.#open(kind, options),
        changed: () => this.#changed(),
        recovered: (track) => this.#tell({ type: 'recovered', kind, label: track.label }),
        switchFailed: (problem) => this.#tell({ type: 'switch-failed', kind, problem }),
        muted: () => this.#tell({ type: 'muted', kind }),
      });
    this.#captures = { camera: capture('camera'), microphone: capture('microphone') };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Immutable, and the same object until something changes. */
  get snapshot(): OwnedDevices {
    this.#snapshot ??= {
      camera: this.#device('camera'),
      microphone: this.#device('microphone'),
      speaker: this.#speaker(),
      consent: this.#consent,
      resume: this.#resume,
      turn: this.#turn,
      enter: this.#enter,
      release: this.#release,
    };
    return this.#snapshot;
  }

  /** Looks what is there, and opens what was on when last used, unless the browser would ask out of the blue. Returns how to stop. */
  start(): () => void {
    const stop = new AbortController();
    Devices.watch(() => void this.#look(), { signal: stop.signal });
    void this.#look();
    void this.#mayOpen().then((may) => {
      if (stop.signal.aborted) return;
      this.#consent = may ? 'given' : 'ask';
      if (may) this.#resume();
      this.#changed();
    });
    return () => {
      stop.abort();
      this.#release();
    };
  }

  /** The settings of the microphone have changed. */
  reopenMicrophone(): void {
    this.#captures.microphone.reopen('same device');
  }

  async #mayOpen(): Promise<boolean> {
    if (prefs().devicesUsed) return true;
    const states = await Promise.all(KINDS.filter((kind) => prefs()[kind]).map((kind) => Devices.state(kind)));
    return !states.includes('prompt');
  }

  readonly #resume = (): void => {
    for (const kind of KINDS) if (prefs()[kind]) this.#captures[kind].on();
  };

  readonly #turn = (kind: OwnKind, on: boolean): void => {
    if (on) this.#captures[kind].on();
    else this.#captures[kind].off();
  };

  readonly #enter = async (room: Room): Promise<void> => {
    // What is not on yet when the call begins is not waited for: it is published when it is there.
    await Promise.allSettled(KINDS.map((kind) => this.#captures[kind].enter(room)));
  };

  readonly #release = (): void => {
    for (const kind of KINDS) this.#captures[kind].release();
  };

  async #open(kind: OwnKind, { fallback, signal }: { fallback: boolean; signal: AbortSignal }) {
    const id = fallback ? null : prefs()[ID[kind]];
    // Not `exact`: a device that was left at home should not cost the call.
    const chosen: MediaTrackConstraints = id ? { deviceId: { ideal: id } } : {};
    const track = await Devices[kind]({ ...chosen, ...constraintsOf(kind) }, { signal });
    this.#consent = 'given';
    if (!prefs().devicesUsed) remember({ devicesUsed: true });
    // Labels and ids are only known from now on.
    void this.#look();
    return track;
  }

  #device(kind: OwnKind): OwnDevice {
    const capture = this.#captures[kind];
    const { state, problem, track } = capture.state;
    const available = this.#choices(INPUT[kind]);
    return {
      kind,
      state,
      problem,
      track,
      deviceId: track?.getSettings().deviceId ?? present(prefs()[ID[kind]], available),
      available,
      toggle: () => {
        const on = !capture.wanted;
        remember({ [kind]: on });
        this.#turn(kind, on);
      },
      choose: (deviceId) => {
        remember({ [ID[kind]]: deviceId });
        capture.reopen();
        this.#changed();
      },
    };
  }

  #speaker(): Speaker {
    const available = this.#choices('audiooutput');
    return {
      supported: Devices.canChooseSpeaker,
      deviceId: present(prefs().speakerId, available),
      available,
      choose: (deviceId) => {
        remember({ speakerId: deviceId });
        this.#changed();
      },
    };
  }

  #choices(kind: MediaDeviceKind): DeviceChoice[] {
    return this.#known
      .filter((device) => device.kind === kind && device.deviceId !== '' && device.deviceId !== DOUBLE)
      .map(({ deviceId, label }) => ({ id: deviceId, label }));
  }

  async #look(): Promise<void> {
    const before = this.#known;
    const now = await Devices.list().catch(() => []);
    if (same(before, now)) return;
    this.#known = now;
    this.#changed();
    // The first look, and the first one with labels, finds everything new.
    if (before.some(({ label }) => label !== '')) this.#offer(arrivals(before, now));
  }

  /** A headset that is plugged in is meant to be used, but nobody's sound is moved unasked. */
  #offer(arrived: readonly MediaDeviceInfo[]): void {
    const ear = arrived.find(({ kind }) => kind === 'audiooutput');
    const input = arrived.find(({ kind }) => kind === 'audioinput');
    const eye = arrived.find(({ kind }) => kind === 'videoinput');
    const { camera, microphone } = this.snapshot;
    if (input && microphone.state !== 'off' && microphone.track?.label !== input.label) {
      const use = () => {
        microphone.choose(input.deviceId);
        if (ear && ear.groupId === input.groupId) this.#speaker().choose(ear.deviceId);
        if (microphone.state === 'failed') this.#captures.microphone.on();
      };
      this.#tell({ type: 'new', label: input.label, use });
    } else if (ear && !input && Devices.canChooseSpeaker) {
      this.#tell({ type: 'new', label: ear.label, use: () => this.#speaker().choose(ear.deviceId) });
    }
    if (eye && camera.state === 'failed') {
      const use = () => {
        camera.choose(eye.deviceId);
        this.#captures.camera.on();
      };
      this.#tell({ type: 'new', label: eye.label, use });
    }
  }

  #changed(): void {
    this.#snapshot = null;
    for (const listener of this.#listeners) listener();
  }
}

function constraintsOf(kind: OwnKind): MediaTrackConstraints {
  if (kind === 'camera') return { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
  return { echoCancellation: true, autoGainControl: true, noiseSuppression: prefs().noiseSuppression };
}

/** What is chosen, as far as it is there. Chromium lists the browser's own choice too, under this name. */
function present(chosen: string | null, available: readonly DeviceChoice[]): string | null {
  const has = (id: string) => available.some((choice) => choice.id === id);
  if (chosen !== null && has(chosen)) return chosen;
  return has(STANDARD) ? STANDARD : null;
}

const same = (one: readonly MediaDeviceInfo[], other: readonly MediaDeviceInfo[]): boolean =>
  one.length === other.length &&
  one.every(({ kind, deviceId, label }, index) => {
    const twin = other[index];
    return twin?.kind === kind && twin.deviceId === deviceId && twin.label === label;
  });

/** Real devices that were not there before; `default` only points to one of them. */
function arrivals(before: readonly MediaDeviceInfo[], now: readonly MediaDeviceInfo[]): MediaDeviceInfo[] {
  const key = ({ kind, deviceId }: MediaDeviceInfo) => `${kind} ${deviceId}`;
  const old = new Set(before.map(key));
  return now.filter(
    (device) =>
      device.label !== '' && device.deviceId !== STANDARD && device.deviceId !== DOUBLE && !old.has(key(device)),
  );
}
