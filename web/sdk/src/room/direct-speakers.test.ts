import type { Mock } from 'vitest';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock, settle } from '../../test/fakes/clock.js';
import { DIRECT, FakeRoom, MIC, SFU, WITH_BOB } from '../../test/fakes/room.js';
import type { FakeTransceiver } from '../../test/fakes/webrtc.js';
import { track } from '../../test/fakes/webrtc.js';
import { deferred } from '../common/deferred.js';
import type { Carried } from '../media/link.js';
import type { DirectSpeakers, SpeakersPorts } from './direct-speakers.js';
import { Voices } from './voices.js';

// Loaded by the SDK when needed, which takes longer than fake time does.
await import('../media/level.js');

/** Linear, from -dBov. */
const loud = (level: number) => 10 ** (-level / 20);

describe('Voices', () => {
  /** Levels in -dBov, every 200 ms; returns the changes as lists of ids. */
  const feed = (voices: Voices, from: number, ms: number, levels: Record<string, number>) => {
    const changes: string[][] = [];
    for (let now = from; now < from + ms; now += 200) {
      for (const [id, level] of Object.entries(levels)) voices.observe(id, `of ${id}`, loud(level), now, now);
      const change = voices.takeChange(now);
      if (change) changes.push(change.map(({ publication }) => publication));
    }
    return changes;
  };

  it('puts the loudest first, and lets the silent drop out', () => {
    const voices = new Voices();
    expect(feed(voices, 0, 2000, { a: 30, b: 127 })).toEqual([['a']]);
    expect(feed(voices, 2000, 2000, { a: 127, b: 20 }).at(-1)).toEqual(['b']);
    expect(feed(voices, 4000, 3000, { a: 127, b: 127 })).toEqual([[]]);
  });

  it('does not let a slightly louder voice overtake, nor a dip end a word', () => {
    const voices = new Voices();
    feed(voices, 0, 2000, { a: 30 });
    expect(feed(voices, 2000, 2000, { a: 30, b: 27 })).toEqual([['a', 'b']]);
    expect(feed(voices, 4000, 2000, { a: 30, b: 20 })).toEqual([['b', 'a']]);
    expect(feed(voices, 6000, 2000, { a: 55, b: 20 })).toEqual([]);
  });

  it('takes a level that does not change its mark for silence', () => {
    const voices = new Voices();
    feed(voices, 0, 1000, { a: 30 });
    voices.observe('a', 'of a', loud(30), 800, 2000);
    expect(voices.takeChange(2000)).toEqual([]);
  });
});

describe('speakers of a direct call', () => {
  let fake: FakeRoom;
  let bob: FakeTransceiver;
  let told: string[][];
  const speak = async (level: number, ms = 1000) => {
    bob.receiver.level = loud(level);
    for (let passed = 0; passed < ms; passed += 200) {
      bob.receiver.flow();
      await fake.clock.advance(200);
    }
  };
  const who = () => fake.room.speakers.map(({ participant }) => participant);
  const byServer = (speakers: object[]) => fake.server.say({ type: 'speakers', speakers });

  beforeEach(async () => {
    fake = new FakeRoom();
    told = [];
    fake.room.addEventListener('speakerschange', () => told.push(who()));
    await fake.join({ ...WITH_BOB, topology: DIRECT });
    [bob] = (await fake.receiveFromBob({ '0': { id: MIC.id, kind: 'audio' } })) as [FakeTransceiver];
  });

  afterEach(() => vi.unstubAllGlobals());

  it('hears the other, as the server would', async () => {
    await speak(30);
    expect(fake.room.speakers).toEqual([{ participant: 'bob', publication: MIC.id, level: 30 }]);
    expect(fake.room.snapshot.speakers).toBe(fake.room.speakers);
    await speak(127, 3000);
    expect(told).toEqual([['bob'], []]);
  });

  it('hears oneself', async () => {
    await fake.room.local.publish(track('audio'));
    await settle();
    const own = fake.direct.transceivers.find(({ direction }) => direction === 'sendonly');
    if (own) own.sender.level = loud(20);
    await speak(40);
    expect(who()).toEqual(['ana', 'bob']);
    await fake.room.local.publication('microphone')?.setEnabled(false);
    await speak(40, 400);
    expect(who()).toEqual(['bob']);
  });

  it('asks getStats where the browser tells no level with the source', async () => {
    bob.receiver.level = null;
    bob.receiver.statsLevel = loud(30);
    bob.receiver.flow();
    await fake.clock.advance(200);
    expect(who()).toEqual(['bob']);
  });

  it('measures oneself where the statistics do not tell', async () => {
    const close = vi.fn();
    const source = vi.fn(() => ({ connect: () => undefined }));
    class FakeAudioContext {
      state = 'suspended';
      close = close;
      createMediaStreamSource = source;
      createAnalyser = () => ({ getFloatTimeDomainData: (samples: Float32Array) => samples.fill(loud(20)) });
      constructor() {
        contexts.push(this);
      }
    }
    const contexts: FakeAudioContext[] = [];
    vi.stubGlobal('AudioContext', FakeAudioContext);
    const microphone = await fake.room.local.publish(track('audio'));
    await settle();
    const own = fake.direct.transceivers.find(({ direction }) => direction === 'sendonly');
    if (own) own.sender.level = undefined;
    await speak(40);
    expect(who()).toEqual(['bob']);
    for (const context of contexts) context.state = 'running';
    await speak(40);
    expect(fake.room.speakers[0]).toEqual({ participant: 'ana', publication: 'own1', level: 20 });
    await microphone.replace(track('audio'));
    await speak(40);
    expect([contexts.length, close.mock.calls.length]).toEqual([2, 1]);
    await fake.room.leave();
    expect(close).toHaveBeenCalledTimes(2);
  });

  it('lets nobody speak who is muted, whatever is sent', async () => {
    await speak(30);
    const publication = { ...MIC, muted: true };
    fake.server.say({ type: 'publication_updated', participant: 'bob', publication, by: null });
    await speak(30);
    expect(who()).toEqual([]);
  });

  it('takes the server for it again when the road has changed, and not before', async () => {
    await speak(30);
    fake.server.say({ type: 'topology', topology: { ...DIRECT, mode: 'sfu', phase: 'prepare', epoch: 3 } });
    byServer([{ participant: 'cy', publication: 'c1', level: 40 }]);
    await speak(30);
    expect(who()).toEqual(['bob']);
    fake.server.say({ type: 'topology', topology: { ...SFU, epoch: 4 } });
    expect(who()).toEqual(['cy']);
    byServer([]);
    expect(who()).toEqual([]);
    byServer([{ participant: 'cy', publication: 'c1', level: 40 }]);
    fake.server.say({ type: 'topology', topology: { ...DIRECT, epoch: 5 } });
    expect(who()).toEqual(['cy']);
    await fake.clock.advance(200);
    expect(who()).toEqual([]);
  });

  it('goes on where one cannot be measured', async () => {
    const microphone = await fake.room.local.publish(track('audio'));
    await settle();
    const own = fake.direct.transceivers.find(({ direction }) => direction === 'sendonly');
    if (own) own.sender.level = undefined;
    vi.stubGlobal(
      'AudioContext',
      class {
        constructor() {
          throw new DOMException('no more of them', 'NotSupportedError');
        }
      },
    );
    await speak(30);
    expect(who()).toEqual(['bob']);
    await microphone.unpublish();
    await speak(127, 3000);
    expect(who()).toEqual([]);
  });

  it('leaves no timer behind', async () => {
    await speak(30);
    await fake.room.leave();
    expect(fake.clock.timers).toBe(0);
  });
});

describe('what measures is loaded when it is needed', () => {
  const section = { receiver: { getSynchronizationSources: () => [{ audioLevel: loud(30), timestamp: clock.now() }] } };
  const carried = { publication: 'p', direction: 'receive', section } as unknown as Carried;
  let clock: FakeClock;
  let speakers: DirectSpeakers;
  let changed: Mock<SpeakersPorts['changed']>;
  /** A module comes, or fails to, in real time. */
  const passes = async (ms: number) => {
    await clock.advance(ms);
    await vi.dynamicImportSettled();
    await settle();
  };

  beforeEach(async () => {
    // What has been loaded once is not asked for again, but by modules that are new themselves.
    vi.resetModules();
    const module = await import('./direct-speakers.js');
    clock = new FakeClock();
    changed = vi.fn();
    const sources = () => [{ participant: 'cy', publication: 'p', carried }];
    speakers = new module.DirectSpeakers({ clock, sources, changed });
  });

  afterEach(() => {
    speakers.stop();
    vi.doUnmock('../media/level.js');
    vi.resetModules();
  });

  it('is tried again, and not five times a second, where it cannot be', async () => {
    const load = vi.fn(() => {
      throw new Error('the network is away');
    });
    vi.doMock('../media/level.js', load);
    speakers.start();
    await passes(200);
    await passes(4900);
    expect(load).toHaveBeenCalledTimes(1);
    await passes(200);
    expect(load).toHaveBeenCalledTimes(2);
    vi.doUnmock('../media/level.js');
    await passes(5000);
    for (let polls = 0; polls < 5; polls++) await passes(200);
    expect(changed).toHaveBeenCalledWith([{ participant: 'cy', publication: 'p', level: 30 }]);
  });

  it('opens nothing where nobody is listened to any more', async () => {
    const loaded = deferred<void>();
    const opened = vi.fn();
    vi.doMock('../media/level.js', async () => {
      await loaded.promise;
      return { LevelReader: opened };
    });
    speakers.start();
    await clock.advance(200);
    speakers.stop();
    loaded.resolve();
    await passes(0);
    expect(opened).not.toHaveBeenCalled();
    expect(clock.timers).toBe(0);
  });
});
