import { beforeEach, describe, expect, it, vi } from 'vitest';
import { settle } from '../../test/fakes/clock.js';
import { FakeMediaStream, FakeTrack } from '../../test/fakes/webrtc.js';
import { deferred } from '../common/deferred.js';
import { Devices } from './devices.js';

type Got = { audio?: unknown; video?: unknown };

const failure = (name: string) => Object.assign(new Error(name), { name });

describe('Devices', () => {
  let asked: Got[];
  let fails: { audio?: string; video?: string; display?: string };
  let kinds: string[];
  let permission: string;
  let last: FakeTrack[];

  const media = Object.assign(new EventTarget(), {
    async getUserMedia(request: Got) {
      asked.push(request);
      const kind = request.video ? 'video' : 'audio';
      const name = fails[kind];
      if (name) throw failure(name);
      const stream = new FakeMediaStream();
      stream.addTrack(new FakeTrack(kind));
      last.push(...stream.getTracks());
      return stream;
    },
    async getDisplayMedia() {
      if (fails.display) throw failure(fails.display);
      return new FakeMediaStream();
    },
    enumerateDevices: async () => kinds.map((kind) => ({ kind })),
  });

  beforeEach(() => {
    asked = [];
    fails = {};
    last = [];
    kinds = ['audioinput', 'videoinput'];
    permission = 'prompt';
    vi.unstubAllGlobals();
    vi.stubGlobal('MediaStream', FakeMediaStream);
    vi.stubGlobal('isSecureContext', true);
    vi.stubGlobal('navigator', { mediaDevices: media, permissions: { query: async () => ({ state: permission }) } });
  });

  it('asks for each device by itself', async () => {
    const stream = await Devices.open({ audio: true, video: { height: 720 } });
    expect(asked).toEqual([{ audio: true }, { video: { height: 720 } }]);
    expect(stream.getTracks()).toHaveLength(2);
  });

  it('keeps the microphone where there is no camera, and says so', async () => {
    fails.video = 'NotFoundError';
    const onError = vi.fn();
    const stream = await Devices.open({ audio: true, video: true }, { onError });
    expect(stream.getTracks().map(({ kind }) => kind)).toEqual(['audio']);
    expect(onError).toHaveBeenCalledWith('camera', expect.objectContaining({ code: 'no-device' }));
    expect(await Devices.state('camera')).toBe('no-device');
  });

  it.each([
    ['NotAllowedError', ['audioinput', 'videoinput'], 'denied'],
    ['NotAllowedError', ['audioinput'], 'no-device'],
    ['NotReadableError', ['videoinput'], 'in-use'],
    ['OverconstrainedError', ['videoinput'], 'no-device'],
    ['NotFoundError', [], 'no-device'],
  ])('takes %s with the devices %o for %s', async (name, present, code) => {
    fails.video = name;
    kinds = present;
    await expect(Devices.camera()).rejects.toMatchObject({ name: 'RoomError', code });
    expect(await Devices.state('camera')).toBe(code);
    fails = {};
    await Devices.camera();
    permission = 'granted';
    kinds = ['videoinput'];
    expect(await Devices.state('camera')).toBe('granted');
  });

  it('looks at the page first', async () => {
    vi.stubGlobal('isSecureContext', false);
    vi.stubGlobal('navigator', {});
    await expect(Devices.open({ audio: true })).rejects.toMatchObject({ code: 'insecure' });
    expect(await Devices.state('microphone')).toBe('insecure');
    expect(await Devices.list()).toEqual([]);
  });

  it('lets go of a device that comes after the question was given up', async () => {
    const abort = new AbortController();
    const answer = deferred<FakeMediaStream>();
    vi.spyOn(media, 'getUserMedia').mockReturnValueOnce(answer.promise);
    const opening = Devices.camera({}, { signal: abort.signal });
    abort.abort();
    await expect(opening).rejects.toMatchObject({ name: 'AbortError' });
    const stream = new FakeMediaStream();
    const late = new FakeTrack('video');
    stream.addTrack(late);
    answer.resolve(stream);
    await settle();
    expect(late.readyState).toBe('ended');
  });

  it('lists by kind', async () => {
    expect(await Devices.list()).toHaveLength(2);
    expect(await Devices.list('videoinput')).toEqual([{ kind: 'videoinput' }]);
  });

  it('tells when a device comes or goes, and forgets then that there was none', async () => {
    fails.video = 'NotFoundError';
    await Devices.camera().catch(() => undefined);
    const changed = vi.fn();
    const abort = new AbortController();
    Devices.watch(changed, { signal: abort.signal });
    media.dispatchEvent(new Event('devicechange'));
    expect(await Devices.state('camera')).toBe('prompt');
    abort.abort();
    media.dispatchEvent(new Event('devicechange'));
    expect(changed).toHaveBeenCalledOnce();
  });

  it('lets an element sound from a chosen loudspeaker, where the browser lets it', async () => {
    expect(Devices.canChooseSpeaker).toBe(false);
    await expect(Devices.speaker({} as HTMLMediaElement, 'kitchen')).rejects.toMatchObject({ code: 'unsupported' });
    const setSinkId = vi.fn(async () => {});
    vi.stubGlobal('HTMLMediaElement', { prototype: { setSinkId } });
    expect(Devices.canChooseSpeaker).toBe(true);
    const element = { setSinkId } as unknown as HTMLMediaElement;
    await Devices.speaker(element, 'kitchen');
    expect(setSinkId).toHaveBeenCalledWith('kitchen');
    setSinkId.mockRejectedValueOnce(failure('NotFoundError')).mockRejectedValueOnce(failure('NotAllowedError'));
    await expect(Devices.speaker(element, 'gone')).rejects.toMatchObject({ code: 'no-device' });
    await expect(Devices.speaker(element, 'kitchen')).rejects.toMatchObject({ code: 'denied' });
  });

  it('takes a closed picker for an answer', async () => {
    fails.display = 'NotAllowedError';
    expect(await Devices.display()).toBeNull();
  });
});
