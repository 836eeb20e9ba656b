import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock, settle } from '../../test/fakes/clock.js';
import { ANA, BOB, FakeServer } from '../../test/fakes/server.js';
import { createPeerConnection, FakeMediaStream, FakePeerConnection } from '../../test/fakes/webrtc.js';
import type { Joined, Topology, Publication as WirePublication } from '../wire/generated.js';
import { LiveViewer } from './live-viewer.js';

const SFU: Topology = { mode: 'sfu', phase: 'commit', epoch: 1, peers: [] };
const CAM: WirePublication = { id: 'a1', source: 'camera', kind: 'video', muted: false, width: 640, height: 360 };
const MIC: WirePublication = { ...CAM, id: 'a2', source: 'microphone', kind: 'audio' };
const SCREEN: WirePublication = { ...CAM, id: 'b1', source: 'screen' };
const ANA_LIVE = { ...ANA, publications: [CAM, MIC] };

/** Browsers as they are before the first click. */
let gestureWanted = false;

class FakePlayer extends EventTarget {
  srcObject: unknown = null;
  playsInline = false;
  ended = false;
  paused = true;
  #volume = 1;
  #muted = false;

  get muted(): boolean {
    return this.#muted;
  }

  set muted(muted: boolean) {
    this.#muted = muted;
    this.dispatchEvent(new Event('volumechange'));
  }

  get volume(): number {
    return this.#volume;
  }

  set volume(volume: number) {
    this.#volume = volume;
    this.dispatchEvent(new Event('volumechange'));
  }

  async play(): Promise<void> {
    if (gestureWanted && !this.muted) throw new DOMException('no', 'NotAllowedError');
    this.paused = false;
    this.dispatchEvent(new Event('play'));
  }

  pause(): void {
    this.paused = true;
    this.dispatchEvent(new Event('pause'));
  }
}

const players: FakePlayer[] = [];

class FakeObserver {
  observe() {}
  disconnect() {}
}

describe('LiveViewer', () => {
  let clock: FakeClock;
  let server: FakeServer;
  let viewer: LiveViewer;
  let events: string[];

  beforeEach(() => {
    gestureWanted = false;
    players.length = 0;
    FakePeerConnection.all = [];
    vi.stubGlobal('MediaStream', FakeMediaStream);
    vi.stubGlobal('ResizeObserver', FakeObserver);
    vi.stubGlobal('IntersectionObserver', FakeObserver);
    vi.stubGlobal(
      'document',
      Object.assign(new EventTarget(), { visibilityState: 'visible', pictureInPictureElement: null }),
    );
    vi.stubGlobal(
      'Audio',
      class extends FakePlayer {
        constructor() {
          super();
          players.push(this);
        }
      },
    );
    clock = new FakeClock();
    server = new FakeServer();
    server.answering = true;
    events = [];
    const environment = {
      clock,
      createPeerConnection,
      createSocket: server.createSocket,
      wakeUps: () => () => undefined,
    };
    viewer = new LiveViewer('http://host/live/talk', { token: 'jwt', name: 'Vera' }, environment);
    viewer.addEventListener('statechange', ({ state }) => events.push(state));
    viewer.addEventListener('viewers', ({ count }) => events.push(`viewers:${count}`));
    viewer.addEventListener('shownchange', ({ shown }) => events.push(`shown:${shown?.name}/${shown?.source}`));
    viewer.addEventListener('needsgesture', ({ playing }) => events.push(`gesture:${playing}`));
  });

  afterEach(async () => {
    const closed = viewer.close();
    await clock.advance(1000);
    await closed;
    vi.unstubAllGlobals();
  });

  const join = (more: Partial<Joined> = {}) =>
    server.letIn({
      you: { ...BOB, id: 'vera', role: 'viewer' },
      rights: ['subscribe', 'chat'],
      topology: SFU,
      ...more,
    });

  const bind = async (publication: string, mid: string) => {
    server.say({ type: 'bind', mid, publication });
    await clock.advance(50);
  };

  const flow = async (mid: string) => {
    FakePeerConnection.all.at(-1)?.byMid(mid).receiver.flow();
    await clock.advance(600);
  };

  const watchAna = async () => {
    await join({ participants: [ANA_LIVE] });
    await clock.advance(100);
    FakePeerConnection.all.at(-1)?.become('connected');
    await bind('a1', '4');
    await flow('4');
  };

  it('comes as a viewer by the server, and waits while nobody sends', async () => {
    await join();
    await clock.advance(10);
    expect(server.last('join')).toMatchObject({
      room: 'talk',
      name: 'Vera',
      role: 'viewer',
      token: 'jwt',
      autoSubscribe: false,
      p2p: false,
    });
    expect([viewer.state, viewer.viewers, viewer.shown]).toEqual(['waiting', 1, null]);
    expect(server.sent('publish')).toEqual([]);
  });

  it('counts those who watch', async () => {
    await join({ participants: [ANA_LIVE] });
    const other = { ...BOB, id: 'wim', role: 'viewer' };
    server.say({ type: 'participant_joined', participant: other });
    await settle();
    server.say({ type: 'participant_left', participant: 'wim', reason: 'left' });
    await settle();
    expect(events.filter((event) => event.startsWith('viewers'))).toEqual(['viewers:1', 'viewers:2', 'viewers:1']);
  });

  it('is live with the first picture', async () => {
    await join({ participants: [ANA_LIVE] });
    await clock.advance(100);
    expect(server.sent('subscribe').map(({ publication }) => publication)).toEqual(['a1', 'a2']);
    expect(viewer.state).toBe('buffering');
    await bind('a1', '4');
    expect(viewer.stream.getVideoTracks()).toHaveLength(1);
    expect(viewer.state).toBe('buffering');
    await flow('4');
    expect(viewer.state).toBe('live');
    expect(viewer.shown).toEqual({ participant: 'ana', name: 'Ana', source: 'camera' });
  });

  it('goes to a screen when its first picture is there, and then drops the camera', async () => {
    await watchAna();
    const [camera] = viewer.stream.getVideoTracks();
    server.say({ type: 'participant_joined', participant: { ...BOB, publications: [SCREEN] } });
    await settle();
    expect(server.last('subscribe').publication).toBe('b1');
    await bind('b1', '5');
    expect(viewer.stream.getVideoTracks()).toEqual([camera]);
    expect(viewer.shown?.name).toBe('Ana');
    await flow('5');
    expect(viewer.shown).toEqual({ participant: 'bob', name: 'Bob', source: 'screen' });
    expect(viewer.stream.getVideoTracks()).not.toContain(camera);
    expect(viewer.stream.getVideoTracks()).toHaveLength(1);
    expect(server.sent('unsubscribe').map(({ publication }) => publication)).toEqual(['a1']);
    expect(events.filter((event) => event === 'buffering')).toHaveLength(1);
  });

  it('cuts to what is shown now even if its picture does not come', async () => {
    await watchAna();
    server.say({ type: 'participant_joined', participant: { ...BOB, publications: [SCREEN] } });
    await settle();
    await bind('b1', '5');
    await clock.advance(3000);
    expect([viewer.shown?.name, viewer.state]).toEqual(['Bob', 'buffering']);
  });

  it('takes back a choice that was not carried out yet', async () => {
    await watchAna();
    server.say({ type: 'participant_joined', participant: { ...BOB, publications: [SCREEN] } });
    await settle();
    server.say({ type: 'publication_removed', participant: 'bob', publication: 'b1' });
    await clock.advance(5000);
    expect(viewer.shown?.name).toBe('Ana');
    expect(server.sent('unsubscribe')).toEqual([]);
  });

  it('waits again when nobody sends any more', async () => {
    await watchAna();
    server.say({ type: 'participant_left', participant: 'ana', reason: 'left' });
    await settle();
    expect([viewer.state, viewer.shown]).toEqual(['waiting', null]);
    expect(viewer.stream.getTracks()).toEqual([]);
  });

  it('asks for the quality that is wanted', async () => {
    await watchAna();
    viewer.quality = 'low';
    await settle();
    expect(server.last('prefer')).toMatchObject({ publication: 'a1', layer: 'low' });
  });

  it('buffers while a camera rests, and tells how far behind it is', async () => {
    let framesDecoded = 0;
    const getStats = async () => {
      const trackIdentifier = viewer.stream.getVideoTracks()[0]?.id;
      const held = { jitterBufferDelay: framesDecoded / 20, jitterBufferEmittedCount: framesDecoded };
      return new Map([['in', { type: 'inbound-rtp', trackIdentifier, framesDecoded, ...held }]]);
    };
    await watchAna();
    Object.assign(FakePeerConnection.all.at(-1) ?? {}, { getStats });
    for (let second = 0; second < 5; second += 1) {
      framesDecoded += 10;
      await clock.advance(1000);
    }
    expect([viewer.state, viewer.latency]).toEqual(['live', expect.closeTo(0.05)]);
    await clock.advance(4000);
    expect(viewer.state).toBe('buffering');
    framesDecoded += 1;
    await clock.advance(1000);
    expect(viewer.state).toBe('live');
  });

  it('buffers while the one who is shown is trying to come back', async () => {
    await watchAna();
    const { publications: _, id: participant, ...known } = ANA_LIVE;
    server.say({ type: 'participant_updated', participant, ...known, connected: false });
    await settle();
    expect(viewer.state).toBe('buffering');
  });

  it('ends with the room', async () => {
    await watchAna();
    server.say({ type: 'bye', code: 'room_ended', message: 'over', retryable: false });
    await settle();
    expect([viewer.state, viewer.error?.code, viewer.viewers]).toEqual(['ended', 'room_ended', 0]);
    expect(viewer.stream.getTracks()).toEqual([]);
  });

  it('says why it may not watch', async () => {
    await settle();
    server.socket.accept();
    await settle();
    server.say({ type: 'error', id: 1, code: 'token_required', message: 'no', retryable: false });
    await settle();
    expect([viewer.state, viewer.error?.code]).toEqual(['error', 'token_required']);
    await clock.advance(60_000);
    expect(server.sockets).toHaveLength(1);
  });

  it('tries again where the server cannot be reached', async () => {
    await settle();
    server.socket.drop();
    await settle();
    expect([viewer.state, viewer.error?.code]).toEqual(['connecting', 'unreachable']);
    await clock.advance(1000);
    expect(server.sockets).toHaveLength(2);
    await join();
    await clock.advance(10);
    expect([viewer.state, viewer.error]).toEqual(['waiting', null]);
  });

  describe('attached', () => {
    let video: FakePlayer;
    const attach = (options?: { muted?: boolean; signal?: AbortSignal }) =>
      viewer.attach(video as unknown as HTMLVideoElement, options);

    beforeEach(() => {
      video = new FakePlayer();
    });

    it('plays picture and sound, and the element rules both', async () => {
      attach();
      await watchAna();
      expect(video.srcObject).toBe(viewer.stream);
      expect(players).toHaveLength(1);
      expect(players[0]).toMatchObject({ paused: false, muted: false, volume: 1 });
      video.volume = 0.5;
      expect(players[0]).toMatchObject({ volume: 0.5 });
      video.pause();
      expect(players[0]?.paused).toBe(true);
      await video.play();
      expect(players[0]?.paused).toBe(false);
      video.muted = true;
      expect(players[0]).toMatchObject({ paused: true, muted: true });
    });

    it('plays without sound where a gesture is wanted, until there is one', async () => {
      gestureWanted = true;
      attach();
      await watchAna();
      expect([video.muted, video.paused, viewer.needsGesture]).toEqual([true, false, true]);
      expect(events.filter((event) => event.startsWith('gesture'))).toEqual(['gesture:true']);
      gestureWanted = false;
      viewer.unmute();
      await settle();
      expect([video.muted, players[0]?.paused, viewer.needsGesture]).toEqual([false, false, false]);
    });

    it('keeps the sound when only the picture ends', async () => {
      attach();
      await watchAna();
      video.ended = true;
      video.pause();
      expect(players[0]?.paused).toBe(false);
    });

    it('lets go of the element', async () => {
      const abort = new AbortController();
      attach({ signal: abort.signal });
      await watchAna();
      abort.abort();
      expect([video.srcObject, players[0]?.paused]).toEqual([null, true]);
      expect(viewer.state).toBe('live');
    });
  });
});
