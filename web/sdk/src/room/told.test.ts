import { beforeEach, describe, expect, it } from 'vitest';
import { settle } from '../../test/fakes/clock.js';
import { CAM, DIRECT, FakeRoom, MIC, SFU, WITH_BOB } from '../../test/fakes/room.js';
import type { RoomStatistics } from './statistics.js';

// Loaded by the SDK when needed, which takes longer than fake time does.
await Promise.all([import('../media/link-sample.js'), import('../media/silence.js'), import('./told.js')]);

type Stats = { id: string; type: string; [field: string]: unknown };
const picture = (bytes: number, more: object = {}): Stats => ({
  id: 'in1',
  type: 'inbound-rtp',
  mid: '1',
  bytesReceived: bytes,
  packetsReceived: bytes / 100,
  framesPerSecond: 24.5,
  frameWidth: 320,
  frameHeight: 180,
  freezeCount: 0,
  totalFreezesDuration: 0,
  ...more,
});
const sound = (bytes: number, samples: number, concealed: number): Stats => ({
  id: 'in2',
  type: 'inbound-rtp',
  mid: '2',
  bytesReceived: bytes,
  packetsReceived: bytes / 100,
  totalSamplesReceived: samples,
  concealedSamples: concealed,
  silentConcealedSamples: 100,
});

describe('what is told of what comes', () => {
  let fake: FakeRoom;

  beforeEach(async () => {
    fake = new FakeRoom();
    await fake.join({ ...WITH_BOB, topology: SFU });
    fake.sfu.become('connected');
    await settle();
    fake.server.say({ type: 'bind', mid: '1', publication: CAM.id });
    fake.server.say({ type: 'bind', mid: '2', publication: MIC.id });
  });

  const say = async () => {
    fake.server.say({
      type: 'reception',
      tracks: [{ publication: CAM.id, reason: 'bandwidth', width: 320, height: 180, score: 3.4 }],
    });
    await settle();
  };
  const reports = () => fake.server.sent('report').map(({ received }) => received);

  it('is part of the statistics', async () => {
    await say();
    fake.sfu.stats = [picture(0), sound(0, 0, 0)];
    const values = fake.room.statistics({ every: 500 });
    await settle();
    const result = values.next();
    await fake.clock.advance(500);
    const value: RoomStatistics = (await result).value;
    expect(value.publications.get(CAM.id)).toMatchObject({ reason: 'bandwidth', score: 3.4 });
    expect(value.publications.get(MIC.id)).toMatchObject({ reason: null, score: null });
  });

  it('begins the reports: how what comes is received, every five seconds', async () => {
    await fake.clock.advance(20_000);
    expect(reports()).toEqual([]);
    await say();
    fake.sfu.stats = [picture(1000), sound(1000, 48_000, 100)];
    await fake.clock.advance(5000);
    expect(reports()).toEqual([]);
    fake.sfu.stats = [picture(9000, { freezeCount: 2, totalFreezesDuration: 0.5 }), sound(2000, 288_000, 2500)];
    await fake.clock.advance(5000);
    expect(reports()).toEqual([
      [
        { publication: CAM.id, freezes: 2, frozen: 0.1, concealed: 0, frameRate: 24.5, width: 320, height: 180 },
        { publication: MIC.id, freezes: 0, frozen: 0, concealed: 0.01, frameRate: 0, width: 0, height: 0 },
      ],
    ]);
    await fake.clock.advance(5000);
    expect(reports()).toHaveLength(1); // nothing came since
    await fake.room.leave();
    expect(fake.clock.timers).toBe(0);
  });

  it('reports nothing of a direct call, nor of pictures whose freezes a browser does not count', async () => {
    await say();
    fake.sfu.stats = [picture(0, { totalFreezesDuration: undefined })];
    await fake.clock.advance(5000);
    fake.sfu.stats = [picture(9000, { totalFreezesDuration: undefined })];
    await fake.clock.advance(5000);
    fake.sfu.stats = [picture(10_000)];
    await fake.clock.advance(5000);
    fake.server.say({ type: 'topology', topology: DIRECT });
    fake.sfu.stats = [picture(20_000)];
    await fake.clock.advance(5000);
    expect(reports()).toHaveLength(1);
  });
});
