import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { DeviceNotice, OwnDevicesStore } from './own-devices.ts';

/** A browser with devices that come and go. */
class FakeMediaDevices extends EventTarget {
  devices = [
    device('videoinput', 'cam', 'Camera'),
    device('audioinput', 'default', 'Default - Microphone'),
    device('audioinput', 'communications', 'Communications - Microphone'),
    device('audioinput', 'mic', 'Microphone'),
    device('audiooutput', 'box', 'Speakers'),
  ];
  granted = false;
  readonly asked: MediaStreamConstraints[] = [];
  failure: string | null = null;

  async enumerateDevices() {
    return this.granted ? this.devices : this.devices.map(({ kind }) => device(kind, '', ''));
  }

  async getUserMedia(wanted: MediaStreamConstraints) {
    this.asked.push(wanted);
    if (this.failure) throw new DOMException('no', this.failure);
    this.granted = true;
    const id = wantedId(wanted) ?? (wanted.video ? 'cam' : 'mic');
    const track = Object.assign(new EventTarget(), {
      label: this.devices.find(({ deviceId }) => deviceId === id)?.label ?? '',
      getSettings: () => ({ deviceId: id }),
      stop: vi.fn(),
    });
    return { getTracks: () => [track] };
  }

  plug(...devices: ReturnType<typeof device>[]) {
    this.devices = [...this.devices, ...devices];
    this.dispatchEvent(new Event('devicechange'));
  }
}

const device = (kind: string, deviceId: string, label: string, groupId = deviceId) => ({
  kind,
  deviceId,
  label,
  groupId,
});

function wantedId({ video, audio }: MediaStreamConstraints): string | undefined {
  const constraint = ((video || audio) as MediaTrackConstraints).deviceId;
  return (constraint as { ideal: string } | undefined)?.ideal;
}

let media: FakeMediaDevices;
let permission: string;
let notices: DeviceNotice[];

beforeEach(() => {
  vi.resetModules();
  media = new FakeMediaDevices();
  permission = 'prompt';
  notices = [];
  const storage = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => storage.get(key) ?? null,
    setItem: (key: string, value: string) => void storage.set(key, value),
  });
  vi.stubGlobal('navigator', {
    mediaDevices: media,
    permissions: { query: async () => ({ state: permission }) },
  });
  vi.stubGlobal('isSecureContext', true);
  vi.stubGlobal(
    'HTMLMediaElement',
    class {
      setSinkId() {}
    },
  );
});
afterEach(() => void vi.unstubAllGlobals());

async function start(): Promise<OwnDevicesStore> {
  const { OwnDevicesStore } = await import('./own-devices.ts');
  const store = new OwnDevicesStore((notice) => notices.push(notice));
  store.start();
  await vi.waitUntil(() => store.snapshot.consent !== 'unknown');
  await settled();
  return store;
}

const preferences = () => import('../../prefs.ts');
const settled = () => new Promise((done) => setTimeout(done, 5));

test('nothing is opened before the person has said so', async () => {
  const store = await start();
  expect(store.snapshot.consent).toBe('ask');
  expect(media.asked).toEqual([]);
  store.snapshot.resume();
  await settled();
  expect(store.snapshot).toMatchObject({ consent: 'given', camera: { state: 'on' }, microphone: { state: 'on' } });
  expect((await preferences()).prefs().devicesUsed).toBe(true);
});

test.each(['granted', 'denied'])(
  'where the browser will not ask (%s), what was on is opened at once',
  async (state) => {
    permission = state;
    (await preferences()).remember({ microphone: false });
    if (state === 'denied') media.failure = 'NotAllowedError';
    const store = await start();
    expect(media.asked.map(({ video }) => Boolean(video))).toEqual([true]);
    expect(store.snapshot.camera).toMatchObject(
      state === 'denied' ? { state: 'failed', problem: 'denied' } : { state: 'on', problem: null },
    );
    expect(store.snapshot.microphone.state).toBe('off');
  },
);

test('who has used a device here before is not asked by us again', async () => {
  (await preferences()).remember({ devicesUsed: true, cameraId: 'cam2', noiseSuppression: false });
  await start();
  expect(media.asked).toMatchObject([
    { video: { deviceId: { ideal: 'cam2' } } },
    { audio: { noiseSuppression: false, echoCancellation: true } },
  ]);
});

test('devices are listed once access was granted, each once', async () => {
  const store = await start();
  expect(store.snapshot.microphone.available).toEqual([]);
  store.snapshot.microphone.toggle();
  await settled();
  expect(store.snapshot.microphone.available.map(({ id }) => id)).toEqual(['default', 'mic']);
  expect(store.snapshot.microphone.deviceId).toBe('mic');
  expect(store.snapshot.speaker).toMatchObject({ supported: true, deviceId: null });
});

test('on, off and the choice are remembered', async () => {
  const store = await start();
  store.snapshot.camera.toggle();
  await settled();
  store.snapshot.camera.toggle();
  store.snapshot.microphone.choose('default');
  store.snapshot.speaker.choose('box');
  const { prefs } = await preferences();
  expect(prefs()).toMatchObject({ camera: false, microphoneId: 'default', speakerId: 'box' });
});

test('a headset that is plugged in is offered, and taken whole', async () => {
  permission = 'granted';
  const store = await start();
  media.plug(device('audioinput', 'h-in', 'Headset', 'h'), device('audiooutput', 'h-out', 'Headset', 'h'));
  await settled();
  expect(notices).toMatchObject([{ type: 'new', label: 'Headset' }]);
  expect(store.snapshot.microphone.deviceId).toBe('mic');
  (notices[0] as Extract<DeviceNotice, { type: 'new' }>).use();
  await settled();
  expect(store.snapshot.microphone.deviceId).toBe('h-in');
  expect(store.snapshot.speaker.deviceId).toBe('h-out');
});

test('a second camera is no news while the first one works', async () => {
  permission = 'granted';
  await start();
  media.plug(device('videoinput', 'cam2', 'Other camera'));
  await settled();
  expect(notices).toEqual([]);
});

test('a camera that comes after one was missing is offered, not switched on', async () => {
  permission = 'granted';
  media.failure = 'NotFoundError';
  media.granted = true;
  const store = await start();
  expect(store.snapshot.camera).toMatchObject({ state: 'failed', problem: 'no-device' });
  media.failure = null;
  media.plug(device('videoinput', 'cam2', 'Other camera'));
  await settled();
  expect(store.snapshot.camera.state).toBe('failed');
  (notices[0] as Extract<DeviceNotice, { type: 'new' }>).use();
  await settled();
  expect(store.snapshot.camera).toMatchObject({ state: 'on', deviceId: 'cam2' });
});

test('at the end everything is let go', async () => {
  permission = 'granted';
  const store = await start();
  const tracks = [store.snapshot.camera.track, store.snapshot.microphone.track];
  store.snapshot.release();
  for (const track of tracks) expect(track?.stop).toHaveBeenCalled();
  expect(store.snapshot.camera).toMatchObject({ state: 'off', track: null });
});
