import { abortable, RoomError } from '../common/room-error.js';

/** What is known about a camera or microphone. `prompt`: the browser will ask. `insecure`: the page is not on HTTPS or localhost. */
export type DeviceState = 'prompt' | 'granted' | 'denied' | 'no-device' | 'in-use' | 'insecure';
export type DeviceKind = 'camera' | 'microphone';

export interface DeviceOptions {
  /** Stops the waiting; a device that comes later is let go. */
  signal?: AbortSignal | null;
}

export interface OpenOptions extends DeviceOptions {
  /** Told of each device that could not be had while the other one could. */
  onError?: (device: DeviceKind, error: RoomError) => void;
}

/** Constraints as for getUserMedia; `true` for the usual ones. */
export interface OpenRequest {
  audio?: boolean | MediaTrackConstraints;
  video?: boolean | MediaTrackConstraints;
}

/** What the last attempt has shown, until it is tried again or a device comes or goes. */
const failures = new Map<DeviceKind, DeviceState>();

function mediaDevices(): MediaDevices {
  // First of all: on plain HTTP `mediaDevices` is undefined, and that says nothing to anybody.
  if (globalThis.isSecureContext === false) {
    throw new RoomError('insecure', 'Cameras and microphones need HTTPS or localhost.');
  }
  const devices = globalThis.navigator?.mediaDevices;
  if (!devices?.getUserMedia) throw new RoomError('unsupported', 'This browser has no camera or microphone access.');
  return devices;
}

async function get(
  device: DeviceKind,
  constraints: boolean | MediaTrackConstraints,
  signal?: AbortSignal | null,
): Promise<MediaStreamTrack> {
  signal?.throwIfAborted();
  const devices = mediaDevices();
  const asked = devices.getUserMedia(device === 'camera' ? { video: constraints } : { audio: constraints });
  try {
    const stream = await abortable(asked, signal);
    failures.delete(device);
    const [track] = stream.getTracks();
    if (!track) throw new RoomError('no-device', `There is no ${device}.`);
    return track;
  } catch (cause) {
    if (signal?.aborted) {
      // The question cannot be taken back; the device is let go when the answer comes.
      asked.then((stream) => stream.getTracks().forEach((track) => void track.stop())).catch(() => undefined);
      throw cause;
    }
    const error = cause instanceof RoomError ? cause : await explain(device, cause, devices);
    if (error.code !== 'unsupported') failures.set(device, error.code as DeviceState);
    throw error;
  }
}

/** The name of the error alone misleads: some browsers say NotAllowedError where there is no camera at all. */
async function explain(device: DeviceKind, cause: unknown, devices: MediaDevices): Promise<RoomError> {
  const name = cause instanceof Error ? cause.name : '';
  const list = await devices.enumerateDevices().catch(() => []);
  const present = list.some(({ kind }) => kind === (device === 'camera' ? 'videoinput' : 'audioinput'));
  if (
    name === 'NotFoundError' ||
    name === 'OverconstrainedError' ||
    (name === 'NotAllowedError' && list.length > 0 && !present)
  ) {
    return new RoomError('no-device', `There is no such ${device}.`, { cause, retryable: true });
  }
  if (name === 'NotReadableError' || name === 'AbortError') {
    return new RoomError('in-use', `The ${device} is used by another program, or does not work.`, {
      cause,
      retryable: true,
    });
  }
  if (name === 'NotAllowedError' || name === 'SecurityError') {
    return new RoomError('denied', `Access to the ${device} was not granted.`, { cause });
  }
  return new RoomError('unsupported', `The ${device} could not be opened: ${cause}`, { cause });
}

export interface DisplayRequest extends DeviceOptions {
  /** Asks for the sound of what is shared, too. */
  audio?: boolean;
}

/** Options of getDisplayMedia that the compiler's library does not list yet; browsers pass over those that they do not know. */
function displayRequest(audio: boolean): DisplayMediaStreamOptions {
  const request = {
    video: { frameRate: { max: 30 } },
    // Music and films, not a voice in a room: nothing may be taken out of it.
    audio: audio && {
      echoCancellation: false,
      noiseSuppression: false,
      autoGainControl: false,
      suppressLocalAudioPlayback: false,
    },
    surfaceSwitching: 'include',
    selfBrowserSurface: 'exclude',
    systemAudio: audio ? 'include' : 'exclude',
  };
  return request;
}

/**
 * Cameras, microphones, loudspeakers and screens. All errors are RoomError `denied`, `no-device`, `in-use`, `insecure`, `unsupported`, besides
 * the reason of an aborted signal.
 *
 * The browser asks the person when a device is opened, and only then. Before that `list` has no labels and in most browsers one nameless
 * entry of each kind, and `state` says `prompt`. What was refused stays `denied` until the person changes it in the browser's settings for
 * the page: opening again does not ask again. Chromium keeps a grant for the page's origin; Firefox and Safari ask anew in each visit, unless
 * the person has ticked otherwise.
 */
export const Devices = {
  /**
   * Opens what is asked for, each device by itself: a missing camera does not cost the microphone. Rejects when nothing could be had,
   * with the error of the first.
   */
  async open(request: OpenRequest, options: OpenOptions = {}): Promise<MediaStream> {
    const stream = new MediaStream();
    const wanted = [
      ['microphone', request.audio ?? false],
      ['camera', request.video ?? false],
    ] as const;
    let first: unknown;
    for (const [device, constraints] of wanted) {
      if (constraints === false) continue;
      try {
        stream.addTrack(await get(device, constraints, options.signal));
      } catch (error) {
        if (options.signal?.aborted || !(error instanceof RoomError)) {
          for (const track of stream.getTracks()) track.stop();
          throw error;
        }
        first ??= error;
        options.onError?.(device, error);
      }
    }
    if (first && stream.getTracks().length === 0) throw first;
    return stream;
  },

  camera(constraints: MediaTrackConstraints = {}, options: DeviceOptions = {}): Promise<MediaStreamTrack> {
    return get('camera', constraints, options.signal);
  },

  microphone(constraints: MediaTrackConstraints = {}, options: DeviceOptions = {}): Promise<MediaStreamTrack> {
    return get('microphone', constraints, options.signal);
  },

  /** A screen, window or tab; null when the person closes the picker. */
  async display(options: DisplayRequest = {}): Promise<MediaStream | null> {
    options.signal?.throwIfAborted();
    const devices = mediaDevices();
    if (!devices.getDisplayMedia) throw new RoomError('unsupported', 'This browser cannot share a screen.');
    const asked = devices.getDisplayMedia(displayRequest(options.audio ?? false));
    try {
      return await abortable(asked, options.signal);
    } catch (cause) {
      if (options.signal?.aborted) {
        asked.then((stream) => stream.getTracks().forEach((track) => void track.stop())).catch(() => undefined);
        throw cause;
      }
      if (cause instanceof Error && cause.name === 'NotAllowedError') return null;
      throw new RoomError('unsupported', `The screen could not be shared: ${cause}`, { cause });
    }
  },

  /** Whether `speaker` works here. Safari on iPhones does not let a page choose. */
  get canChooseSpeaker(): boolean {
    return typeof globalThis.HTMLMediaElement?.prototype.setSinkId === 'function';
  },

  /**
   * Lets an element sound from a loudspeaker (`audiooutput` of `list`); the empty id means the usual one. Rejects with RoomError `unsupported`,
   * `no-device`, `denied`: some browsers let only those choose who were granted a microphone.
   */
  async speaker(element: HTMLMediaElement, deviceId: string, options: DeviceOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    if (typeof element.setSinkId !== 'function') {
      throw new RoomError('unsupported', 'This browser does not let a page choose the loudspeaker.');
    }
    try {
      await abortable(element.setSinkId(deviceId), options.signal);
    } catch (cause) {
      if (options.signal?.aborted) throw cause;
      const denied = cause instanceof Error && cause.name === 'NotAllowedError';
      throw denied
        ? new RoomError('denied', 'Access to the loudspeaker was not granted.', { cause })
        : new RoomError('no-device', 'There is no such loudspeaker.', { cause, retryable: true });
    }
  },

  /** The devices of one kind, or all: `deviceId`, `kind`, `label`. Empty where there is no access at all. */
  async list(kind?: MediaDeviceKind): Promise<MediaDeviceInfo[]> {
    const all = (await globalThis.navigator?.mediaDevices?.enumerateDevices()) ?? [];
    return kind ? all.filter((device) => device.kind === kind) : all;
  },

  /** Where a device stands, without asking the person. */
  async state(device: DeviceKind): Promise<DeviceState> {
    if (globalThis.isSecureContext === false) return 'insecure';
    let permission = 'prompt';
    try {
      permission = (await navigator.permissions.query({ name: device as PermissionName })).state;
    } catch {
      // Not every browser tells; then it is known after the first attempt.
    }
    const failure = failures.get(device);
    if (permission === 'denied') return 'denied';
    if (failure && !(failure === 'denied' && permission === 'granted')) return failure;
    const list = await Devices.list(device === 'camera' ? 'videoinput' : 'audioinput');
    return list.length === 0 ? 'no-device' : (permission as DeviceState);
  },

  /** Calls `changed` when a device comes or goes, until `signal` is aborted. */
  watch(changed: () => void, options: DeviceOptions = {}): void {
    const listener = () => {
      for (const [device, state] of failures) if (state !== 'denied') failures.delete(device);
      changed();
    };
    const target = globalThis.navigator?.mediaDevices;
    target?.addEventListener('devicechange', listener, options.signal ? { signal: options.signal } : {});
  },
};
