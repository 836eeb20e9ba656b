import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { settle } from '../../test/fakes/clock.js';
import { DIRECT, FakeRoom, MIC, SFU, WITH_BOB } from '../../test/fakes/room.js';
import type { FakeTransceiver } from '../../test/fakes/webrtc.js';
import { track } from '../../test/fakes/webrtc.js';
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

  it('leaves no timer behind', async () => {
    await speak(30);
    await fake.room.leave();
    expect(fake.clock.timers).toBe(0);
  });
});
