import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock, settle } from '../../test/fakes/clock.js';
import { ListenerCount } from '../../test/fakes/listeners.js';
import { CAM, DIRECT, SFU, WITH_BOB } from '../../test/fakes/room.js';
import { FakeServer } from '../../test/fakes/server.js';
import { createPeerConnection, FakeMediaStream, FakePeerConnection, FakeTrack } from '../../test/fakes/webrtc.js';
import { Devices } from '../devices/devices.js';
import { Room } from './room.js';

const CALLS = 50;

describe('a call that is over', () => {
  let clock: FakeClock;
  let counts: Record<string, ListenerCount>;
  let shared: FakeTrack[];
  let observers: number;
  let ended: AbortController;
  const camera = new FakeTrack('video');
  const microphone = new FakeTrack('audio');
  const as = (track: FakeTrack) => track as unknown as MediaStreamTrack;

  beforeEach(() => {
    const [page, document, mediaDevices] = [new EventTarget(), new EventTarget(), new EventTarget()];
    clock = new FakeClock();
    shared = [];
    observers = 0;
    ended = new AbortController();
    counts = Object.fromEntries(
      Object.entries({ page, document, mediaDevices, camera, microphone, signal: ended.signal }).map(
        ([name, target]) => [name, new ListenerCount(target)],
      ),
    );
    class Observer {
      observe() {
        observers += 1;
      }
      disconnect() {
        observers -= 1;
      }
    }
    const getDisplayMedia = async () => {
      shared.push(new FakeTrack('video'));
      return new FakeMediaStream(shared.slice(-1));
    };
    vi.stubGlobal('MediaStream', FakeMediaStream);
    vi.stubGlobal('ResizeObserver', Observer);
    vi.stubGlobal('IntersectionObserver', Observer);
    vi.stubGlobal('addEventListener', page.addEventListener);
    vi.stubGlobal('removeEventListener', page.removeEventListener);
    vi.stubGlobal('document', document);
    vi.stubGlobal('navigator', {
      mediaDevices: Object.assign(mediaDevices, { getUserMedia: vi.fn(), getDisplayMedia }),
    });
    FakePeerConnection.all = [];
  });
  afterEach(() => vi.unstubAllGlobals());

  const left = () => ({
    timers: clock.timers,
    connections: FakePeerConnection.all.filter(({ closed }) => !closed).length,
    tracks: shared.filter(({ readyState }) => readyState === 'live').length,
    observers,
    ...Object.fromEntries(Object.entries(counts).map(([name, { total }]) => [name, total])),
  });
  const nothing = () => Object.fromEntries(Object.keys(left()).map((name) => [name, 0]));

  /** Uses all that a call has. `signal` outlives it, as that of a page's component may. */
  const call = async (number: number, signal: AbortSignal | null) => {
    const server = new FakeServer();
    server.answering = true;
    const room = new Room(
      'http://host/r/demo',
      { autoSubscribe: false },
      { clock, createPeerConnection, createSocket: server.createSocket },
    );
    const watching = new AbortController();
    Devices.watch(() => undefined, { signal: watching.signal });
    const joining = room.join({ name: 'Ana', signal });
    await server.letIn({ ...WITH_BOB, topology: number % 2 ? SFU : DIRECT });
    await joining;
    await room.local.publish(as(camera), { signal });
    await room.local.publish(as(microphone), { signal });
    await room.local.publishDisplay({ signal });
    const bobs = room.participants.get('bob')?.publication('camera');
    const subscribing = bobs?.subscribe({ signal }).catch(() => undefined);
    bobs?.follow({} as Element, { signal });
    const reading = [
      room.chat({ signal }).next(),
      room.data('pen').messages({ signal }).next(),
      room.statistics({ signal }).next(),
      room.local.quality({ signal, every: 500 }).next(),
    ];
    await settle();
    server.say({ type: 'topology', topology: number % 2 ? DIRECT : { ...SFU, phase: 'prepare', epoch: 9 } });
    if (number % 2) server.say({ type: 'bind', mid: '1', publication: CAM.id });
    await clock.advance(number * 40);
    if (number % 3 === 1) server.socket.drop();
    if (number % 3 === 2) {
      server.socket.drop();
      await clock.advance(300);
      server.socket.accept();
      server.socket.deliver({ type: 'error', id: null, code: 'session_gone', message: '', retryable: false });
      await clock.advance(600);
      await server.letIn(WITH_BOB);
    }
    expect(left()).not.toEqual(nothing());
    if (number % 5 === 4) server.say({ type: 'bye', code: 'removed', message: '', retryable: false });
    await room[Symbol.asyncDispose]();
    watching.abort();
    await Promise.all([...reading, subscribing]);
    expect(server.sockets.every(({ closedWith, readyState }) => closedWith !== null || readyState === 3)).toBe(true);
  };

  it('leaves no timers, listeners, tracks or connections behind', async () => {
    for (let number = 0; number < CALLS; number++) {
      await call(number, ended.signal);
      expect(left()).toEqual(nothing());
    }
    expect(FakePeerConnection.all.length).toBeGreaterThan(CALLS);
    expect([camera.readyState, microphone.readyState]).toEqual(['live', 'live']);
  });

  it('nor does one that is given up on the way in', async () => {
    const server = new FakeServer();
    const room = new Room('http://host/r/demo', {}, { clock, createPeerConnection, createSocket: server.createSocket });
    const joining = room.join({ name: 'Ana', signal: ended.signal });
    await settle();
    ended.abort();
    await expect(joining).rejects.toMatchObject({ name: 'AbortError' });
    expect(room.state).toBe('closed');
    expect(left()).toEqual(nothing());
  });
});
