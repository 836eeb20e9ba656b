import { type Room, RoomError } from 'tertulia-client';
import { beforeEach, expect, test, vi } from 'vitest';
import { Capture } from './capture.ts';
import type { OwnKind } from './own.ts';

/** As much of a track as its owner uses. */
class FakeTrack extends EventTarget {
  readyState: 'live' | 'ended' = 'live';
  readonly label: string;
  constructor(label: string) {
    super();
    this.label = label;
  }
  stop(): void {
    this.readyState = 'ended';
  }
  /** Pulls the plug: unlike `stop`, this fires the event. */
  unplug(): void {
    this.readyState = 'ended';
    this.dispatchEvent(new Event('ended'));
  }
}

class FakePublication {
  enabled = true;
  readonly source: OwnKind;
  track: FakeTrack;
  readonly log: string[];
  constructor(source: OwnKind, track: FakeTrack, log: string[]) {
    this.source = source;
    this.track = track;
    this.log = log;
  }
  get muted(): boolean {
    return !this.enabled;
  }
  async setEnabled(enabled: boolean): Promise<void> {
    if (this.enabled === enabled) return;
    this.enabled = enabled;
    this.log.push(enabled ? 'enable' : 'disable');
  }
  async replace(track: FakeTrack): Promise<void> {
    if (this.track === track) return;
    this.track = track;
    this.log.push(`replace ${track.label}`);
  }
}

class FakeRoom extends EventTarget {
  state = 'connected';
  readonly log: string[] = [];
  readonly rights = new Set(['publish:camera', 'publish:microphone']);
  published: FakePublication | null = null;
  readonly local = {
    publication: (_source: string) => this.published,
    publish: async (track: FakeTrack, { source }: { source: OwnKind }) => {
      await Promise.resolve();
      this.log.push(`publish ${track.label}`);
      this.published = new FakePublication(source, track, this.log);
    },
  };
  can(right: string): boolean {
    return this.rights.has(right);
  }
  fire(type: string, fields: object = {}): void {
    this.dispatchEvent(Object.assign(new Event(type), fields));
  }
  close(): void {
    this.state = 'closed';
    this.fire('statechange', { state: 'closed' });
    this.published = null;
  }
}

interface Opening {
  fallback: boolean;
  signal: AbortSignal;
  resolve: (track: FakeTrack) => void;
  reject: (error: unknown) => void;
}

let openings: Opening[];
let made: FakeTrack[];
const recovered = vi.fn();
const switchFailed = vi.fn();
const muted = vi.fn();

beforeEach(() => {
  openings = [];
  made = [];
  recovered.mockReset();
  switchFailed.mockReset();
  muted.mockReset();
});

/** `slow`: openings wait for the test to answer them. */
function capture(kind: OwnKind, { slow = false } = {}): Capture {
  return new Capture(kind, {
    open: ({ fallback, signal }) =>
      new Promise((resolve, reject) => {
        const answer = (track: FakeTrack) => resolve(track as unknown as MediaStreamTrack);
        const opening = { fallback, signal, resolve: answer, reject };
        openings.push(opening);
        signal.addEventListener('abort', () => reject(signal.reason));
        if (!slow) answer(track());
      }),
    changed: () => undefined,
    recovered,
    switchFailed,
    muted,
  });
}

function track(): FakeTrack {
  const next = new FakeTrack(`${made.length + 1}`);
  made.push(next);
  return next;
}

const live = () => made.filter(({ readyState }) => readyState === 'live').map(({ label }) => label);
const settled = () => vi.waitFor(() => new Promise((done) => setTimeout(done)));
const join = (own: Capture, room: FakeRoom) => own.enter(room as unknown as Room);
const denied = new RoomError('denied', 'no');

test('before the call it is on and off, and off puts out the light', async () => {
  const own = capture('camera');
  own.on();
  expect(own.state.state).toBe('starting');
  await settled();
  expect(own.state).toMatchObject({ state: 'on', problem: null });
  own.off();
  expect(own.state).toMatchObject({ state: 'off', track: null });
  expect(live()).toEqual([]);
});

test('off while it starts calls the opening back', async () => {
  const own = capture('camera', { slow: true });
  own.on();
  await settled();
  own.off();
  await settled();
  expect(openings[0]?.signal.aborted).toBe(true);
  expect(own.state).toEqual({ state: 'off', problem: null, track: null });
});

test('who enters while it starts does not lose it', async () => {
  const own = capture('camera', { slow: true });
  const room = new FakeRoom();
  own.on();
  const entered = join(own, room);
  openings[0]?.resolve(track());
  await entered;
  expect(room.log).toEqual(['publish 1']);
  expect(own.state.state).toBe('on');
});

test('what is off is not published before it is turned on', async () => {
  const own = capture('microphone');
  const room = new FakeRoom();
  await join(own, room);
  expect(openings).toHaveLength(0);
  own.on();
  await settled();
  expect(room.log).toEqual(['publish 1']);
});

test('in the call a muted microphone stays open, and a camera does not', async () => {
  for (const kind of ['microphone', 'camera'] as const) {
    made = [];
    const own = capture(kind);
    const room = new FakeRoom();
    own.on();
    await join(own, room);
    own.off();
    await settled();
    expect(live()).toEqual(kind === 'microphone' ? ['1'] : []);
    own.on();
    await settled();
    expect(room.log).toEqual(
      kind === 'microphone' ? ['publish 1', 'disable', 'enable'] : ['publish 1', 'disable', 'replace 2', 'enable'],
    );
    expect(own.state.state).toBe('on');
    own.release();
    expect(live()).toEqual([]);
  }
});

test('another device takes the place of the first without a break', async () => {
  const own = capture('camera');
  const room = new FakeRoom();
  own.on();
  await join(own, room);
  own.reopen();
  await settled();
  expect(room.log).toEqual(['publish 1', 'replace 2']);
  expect(live()).toEqual(['2']);
  expect(own.state.state).toBe('on');
});

test('where only one device can run, the first is stopped for the second', async () => {
  const own = capture('camera', { slow: true });
  own.on();
  await settled();
  openings[0]?.resolve(track());
  await settled();
  own.reopen();
  await settled();
  openings[1]?.reject(new RoomError('in-use', 'busy'));
  await settled();
  expect(live()).toEqual([]);
  openings[2]?.resolve(track());
  await settled();
  expect(live()).toEqual(['2']);
  expect(own.state.state).toBe('on');
});

test('a device that cannot be switched to leaves the one before', async () => {
  const own = capture('microphone', { slow: true });
  own.on();
  await settled();
  openings[0]?.resolve(track());
  await settled();
  own.reopen();
  await settled();
  openings[1]?.reject(new RoomError('no-device', 'gone'));
  await settled();
  expect(switchFailed).toHaveBeenCalledExactlyOnceWith('no-device');
  expect(own.state.state).toBe('on');
  expect(live()).toEqual(['1']);
});

test('an unplugged device is replaced by whatever is there', async () => {
  const own = capture('microphone');
  const room = new FakeRoom();
  own.on();
  await join(own, room);
  made[0]?.unplug();
  await settled();
  expect(openings.map(({ fallback }) => fallback)).toEqual([false, true]);
  expect(recovered).toHaveBeenCalledOnce();
  expect(room.log).toEqual(['publish 1', 'replace 2']);
  expect(own.state.state).toBe('on');
});

test('unplugged with nothing else there: it fails, and the others see it muted', async () => {
  const own = capture('camera', { slow: true });
  const room = new FakeRoom();
  own.on();
  const entered = join(own, room);
  openings[0]?.resolve(track());
  await entered;
  made[0]?.unplug();
  await settled();
  openings[1]?.reject(new RoomError('no-device', 'none'));
  await settled();
  expect(own.state).toEqual({ state: 'failed', problem: 'no-device', track: null });
  expect(room.published?.enabled).toBe(false);
});

test('a muted microphone that is unplugged is opened anew when it is wanted', async () => {
  const own = capture('microphone');
  const room = new FakeRoom();
  own.on();
  await join(own, room);
  own.off();
  await settled();
  made[0]?.unplug();
  await settled();
  expect(openings).toHaveLength(1);
  own.on();
  await settled();
  expect(room.log.slice(-2)).toEqual(['replace 2', 'enable']);
});

test('a failure says why, and the next try may work', async () => {
  const own = capture('camera', { slow: true });
  own.on();
  await settled();
  openings[0]?.reject(denied);
  await settled();
  expect(own.state).toMatchObject({ state: 'failed', problem: 'denied' });
  own.on();
  expect(own.state).toMatchObject({ state: 'starting', problem: null });
  await settled();
  openings[1]?.resolve(track());
  await settled();
  expect(own.state.state).toBe('on');
});

test('muted by a moderator is off, and stays so', async () => {
  const own = capture('camera');
  const room = new FakeRoom();
  own.on();
  await join(own, room);
  const publication = room.published as FakePublication;
  publication.enabled = false;
  room.fire('publicationchanged', { publication });
  await settled();
  expect(own.state.state).toBe('off');
  expect(own.wanted).toBe(false);
  expect(live()).toEqual([]);
  expect(muted).toHaveBeenCalledOnce();
});

test('who may not publish any more lets go of the device', async () => {
  const own = capture('microphone');
  const room = new FakeRoom();
  own.on();
  await join(own, room);
  room.rights.clear();
  room.published = null;
  room.fire('rightschange');
  await settled();
  expect(own.state.state).toBe('off');
  expect(live()).toEqual([]);
  own.on();
  await settled();
  expect(own.state.state).toBe('off');
  expect(openings).toHaveLength(1);
});

test('a viewer enters without the devices of the pre-join', async () => {
  const own = capture('camera');
  const room = new FakeRoom();
  room.rights.clear();
  own.on();
  await join(own, room);
  expect(own.state.state).toBe('off');
  expect(live()).toEqual([]);
  expect(room.log).toEqual([]);
});

test('with the room the devices end, also while one is being published', async () => {
  const own = capture('camera');
  const room = new FakeRoom();
  own.on();
  await settled();
  room.local.publish = async () => {
    room.close();
    throw new RoomError('closed', 'closed');
  };
  await join(own, room);
  expect(own.state).toEqual({ state: 'off', problem: null, track: null });
  expect(live()).toEqual([]);
});

test('other settings for the same device: the first is stopped before the second is opened', async () => {
  const own = capture('microphone', { slow: true });
  own.on();
  await settled();
  openings[0]?.resolve(track());
  await settled();
  own.reopen('same device');
  await settled();
  expect(live()).toEqual([]);
  openings[1]?.resolve(track());
  await settled();
  expect(live()).toEqual(['2']);
  expect(own.state.state).toBe('on');
});

test('on and off in any order ends as the last one said, with one device open at most', async () => {
  const own = capture('camera');
  const room = new FakeRoom();
  void join(own, room);
  for (const wish of [1, 0, 1, 1, 0, 1, 0, 0, 1]) {
    if (wish) own.on();
    else own.off();
    await Promise.resolve();
    expect(live().length).toBeLessThanOrEqual(1);
  }
  await settled();
  expect(own.state.state).toBe('on');
  expect(live()).toHaveLength(1);
  expect(room.published?.enabled).toBe(true);
});
