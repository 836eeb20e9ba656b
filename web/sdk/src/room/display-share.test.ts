import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { settle } from '../../test/fakes/clock.js';
import { FakeRoom, SFU } from '../../test/fakes/room.js';
import { FakeMediaStream, FakeTrack } from '../../test/fakes/webrtc.js';

describe('publishDisplay', () => {
  let fake: FakeRoom;
  let picture: FakeTrack;
  let sound: FakeTrack;
  let events: string[];
  const getDisplayMedia = vi.fn();

  beforeEach(async () => {
    fake = new FakeRoom();
    events = [];
    fake.room.addEventListener('publicationended', ({ publication }) => events.push(`ended:${publication.source}`));
    fake.room.addEventListener('publicationremoved', ({ publication }) => events.push(`-${publication.source}`));
    getDisplayMedia.mockReset().mockImplementation(async ({ audio }) => {
      picture = new FakeTrack('video');
      sound = new FakeTrack('audio');
      return new FakeMediaStream(audio ? [picture, sound] : [picture]);
    });
    vi.stubGlobal('navigator', { mediaDevices: { getUserMedia: vi.fn(), getDisplayMedia } });
    await fake.join({ topology: SFU });
  });
  afterEach(() => vi.unstubAllGlobals());

  const share = async (options: { audio?: boolean; signal?: AbortSignal } = { audio: true }) => {
    const made = await fake.room.local.publishDisplay(options);
    if (!made) throw new Error('no share');
    return made;
  };
  const unpublished = () => fake.server.sent('unpublish').map(({ publication }) => publication);
  const over = () => {
    expect([picture.readyState, sound.readyState]).toEqual(['ended', 'ended']);
    expect(fake.room.local.publications.size).toBe(0);
    expect(events).toEqual(expect.arrayContaining(['-screen', '-screen_audio']));
  };

  it('shares a picture for reading, and sound that nothing is taken out of', async () => {
    const { video, audio } = await share();
    expect(getDisplayMedia).toHaveBeenCalledWith({
      video: { frameRate: { max: 30 } },
      audio: {
        echoCancellation: false,
        noiseSuppression: false,
        autoGainControl: false,
        suppressLocalAudioPlayback: false,
      },
      surfaceSwitching: 'include',
      selfBrowserSurface: 'exclude',
      systemAudio: 'include',
    });
    expect(picture.contentHint).toBe('detail');
    expect([video.source, audio?.source]).toEqual(['screen', 'screen_audio']);
  });

  it('takes a closed picker for no share, and may be asked again', async () => {
    getDisplayMedia.mockRejectedValueOnce(new DOMException('no', 'NotAllowedError'));
    expect(await fake.room.local.publishDisplay()).toBeNull();
    expect((await share()).video.id).toBe('own1');
  });

  it("ends when the browser's own button is pressed, and a new one works", async () => {
    await share();
    picture.end();
    await settle();
    over();
    expect(events).toEqual(['ended:screen', '-screen', '-screen_audio']);
    expect(unpublished().sort()).toEqual(['own1', 'own2']);
    expect([...(await share()).video.stream.getTracks()]).toEqual([picture]);
  });

  it('goes on without sound when only that ends', async () => {
    const { video } = await share();
    sound.end();
    await settle();
    expect(events).toEqual(['ended:screen_audio', '-screen_audio']);
    expect(video.ended).toBe(false);
  });

  it('ends by stop, by the signal, by unpublishing and with the room', async () => {
    const abort = new AbortController();
    const ends = [
      ({ stop }: Awaited<ReturnType<typeof share>>) => stop(),
      () => abort.abort(),
      ({ video }: Awaited<ReturnType<typeof share>>) => video.unpublish(),
      () => fake.room.leave(),
    ];
    for (const end of ends) {
      events = [];
      const forget = vi.spyOn(abort.signal, 'removeEventListener');
      await end(await share(abort.signal.aborted ? { audio: true } : { audio: true, signal: abort.signal }));
      await settle();
      over();
      if (!abort.signal.aborted) expect(forget).toHaveBeenCalled();
    }
  });

  it('releases the screen when the room is left while the picker is open', async () => {
    let choose = (_: FakeMediaStream) => {};
    getDisplayMedia.mockReturnValueOnce(
      new Promise((resolve) => {
        choose = resolve;
      }),
    );
    const sharing = fake.room.local.publishDisplay();
    await fake.room.leave();
    picture = new FakeTrack('video');
    choose(new FakeMediaStream([picture]));
    await expect(sharing).rejects.toMatchObject({ code: 'closed' });
    expect(picture.readyState).toBe('ended');
  });

  it('is no share when it is stopped before the server has answered', async () => {
    fake.server.answering = false;
    const sharing = fake.room.local.publishDisplay();
    await settle();
    picture.end();
    fake.server.answering = true;
    const { id } = fake.server.last('publish');
    const publication = { id: 'late', source: 'screen', kind: 'video', muted: false, width: 0, height: 0 };
    fake.server.say({ type: 'published', id, publication });
    expect(await sharing).toBeNull();
    expect(unpublished()).toEqual(['late']);
    expect(fake.room.local.publication('screen')).toBeNull();
  });
});

describe('publicationended', () => {
  it('tells of a camera that was unplugged, which can be replaced', async () => {
    const fake = new FakeRoom();
    await fake.join({ topology: SFU });
    const [lost, found] = [new FakeTrack('video'), new FakeTrack('video')];
    const camera = await fake.room.local.publish(lost as unknown as MediaStreamTrack);
    const ended = vi.fn();
    fake.room.addEventListener('publicationended', ({ publication }) => ended(publication));
    lost.end();
    expect(ended).toHaveBeenCalledExactlyOnceWith(camera);
    expect(camera.ended).toBe(true);
    expect(fake.room.local.publication('camera')).toBe(camera);
    await camera.replace(found as unknown as MediaStreamTrack);
    expect(camera.ended).toBe(false);
    lost.end();
    expect(ended).toHaveBeenCalledOnce();
  });
});
