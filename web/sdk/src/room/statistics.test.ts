import { beforeEach, describe, expect, it } from 'vitest';
import { settle } from '../../test/fakes/clock.js';
import { CAM, DIRECT, FakeRoom, SFU, WITH_BOB } from '../../test/fakes/room.js';
import { track } from '../../test/fakes/webrtc.js';
import type { RoomStatistics } from './statistics.js';

// Loaded by the SDK when needed, which takes longer than fake time does.
await Promise.all([import('../media/link-sample.js'), import('../media/silence.js'), import('../media/statistics.js')]);

type Stats = { id: string; type: string; [field: string]: unknown };

const pair = (more: object = {}): Stats[] => [
  { id: 'T', type: 'transport', selectedCandidatePairId: 'P' },
  { id: 'P', type: 'candidate-pair', currentRoundTripTime: 0.04, availableOutgoingBitrate: 1_500_000, ...more },
  { id: 'C', type: 'codec', mimeType: 'video/VP8' },
];
const inbound = (mid: string, bytes: number, packets: number, more: object = {}): Stats => ({
  id: `in${mid}`,
  type: 'inbound-rtp',
  mid,
  bytesReceived: bytes,
  headerBytesReceived: 0,
  packetsReceived: packets,
  packetsLost: 0,
  codecId: 'C',
  ...more,
});
const outbound = (id: string, mid: string, bytes: number, packets: number, more: object = {}): Stats => ({
  id,
  type: 'outbound-rtp',
  mid,
  bytesSent: bytes,
  packetsSent: packets,
  codecId: 'C',
  ...more,
});

describe('statistics', () => {
  let fake: FakeRoom;

  beforeEach(() => {
    fake = new FakeRoom();
  });

  /** Publishes a camera by the server and receives Bob's; returns the mids of both. */
  const callByServer = async () => {
    await fake.join({ ...WITH_BOB, topology: SFU });
    fake.sfu.become('connected');
    await fake.room.local.publish(track('video'));
    await settle();
    const [sent] = fake.sfu.transceivers.filter(({ direction }) => direction === 'sendonly');
    fake.server.say({ type: 'bind', mid: '1', publication: CAM.id });
    return { sent: sent?.mid ?? '', received: '1' };
  };
  const next = async <T>(values: AsyncIterator<T>, ms: number): Promise<T> => {
    const result = values.next();
    await fake.clock.advance(ms);
    return (await result).value;
  };

  it('measures what goes and comes by the server', async () => {
    const { sent, received } = await callByServer();
    fake.sfu.stats = [...pair(), inbound(received, 1000, 10), outbound('o', sent, 500, 5)];
    const values = fake.room.statistics({ every: 1000 });
    await settle();
    const report = { id: 'r', type: 'remote-inbound-rtp', localId: 'o', fractionLost: 0.02, jitter: 0.004 };
    const picture = {
      frameWidth: 640,
      frameHeight: 360,
      framesPerSecond: 25,
      jitter: 0.012,
      freezeCount: 2,
      totalFreezesDuration: 0.125,
    };
    fake.sfu.stats = [
      ...pair(),
      inbound(received, 26_000, 107, { packetsLost: 3, ...picture }),
      outbound('o', sent, 12_750, 55, { qualityLimitationReason: 'cpu', frameWidth: 320, frameHeight: 180 }),
      report,
    ];
    expect(await next(values, 500)).toEqual({
      at: 500,
      road: 'sfu',
      level: 2,
      rtt: 40,
      loss: 0.03,
      sendLoss: 0.02,
      sendKbps: 196,
      receiveKbps: 400,
      availableSendKbps: 1500,
      limit: 'cpu',
      publications: new Map([
        [
          CAM.id,
          {
            participant: 'bob',
            source: 'camera',
            kind: 'video',
            direction: 'receive',
            kbps: 400,
            loss: 0.03,
            jitter: 12,
            width: 640,
            height: 360,
            fps: 25,
            freezes: 2,
            frozen: 0.25,
            concealed: 0,
            codec: 'VP8',
            reason: null,
            score: null,
          },
        ],
        [
          'own1',
          {
            participant: 'ana',
            source: 'camera',
            kind: 'video',
            direction: 'send',
            kbps: 196,
            loss: 0.02,
            jitter: 4,
            width: 320,
            height: 180,
            fps: 0,
            freezes: 0,
            frozen: null,
            concealed: 0,
            codec: 'VP8',
            reason: null,
            score: null,
          },
        ],
      ]),
    });
  });

  it('adds up layers, and tells the size of the largest', async () => {
    const { sent } = await callByServer();
    fake.sfu.stats = [outbound('low', sent, 0, 0), outbound('high', sent, 0, 0)];
    const values = fake.room.statistics({ every: 1000 });
    await settle();
    fake.sfu.stats = [
      outbound('low', sent, 1000, 10, { frameWidth: 160, qualityLimitationReason: 'bandwidth' }),
      outbound('high', sent, 4000, 10, { frameWidth: 640 }),
    ];
    const value = await next(values, 500);
    expect(value.publications.get('own1')).toMatchObject({ kbps: 80, width: 640 });
    expect(value).toMatchObject({ sendKbps: 80, limit: 'bandwidth', level: 3, rtt: null, availableSendKbps: null });
  });

  it('follows a change of road without negative rates, and does not count a connection that stands by', async () => {
    const { received } = await callByServer();
    fake.sfu.stats = [...pair({ currentRoundTripTime: 0.3 }), inbound(received, 900_000, 900)];
    const values = fake.room.statistics({ every: 1000 });
    await next(values, 500);
    fake.server.say({ type: 'topology', topology: DIRECT });
    fake.server.say({ type: 'bind', mid: received, publication: null });
    await fake.receiveFromBob({ '0': { id: CAM.id, kind: 'video' } });
    // Firefox names neither the transport nor the section.
    const section = fake.direct.transceivers.find(({ mid }) => mid === '0');
    const arriving = (bytes: number, packets: number) =>
      inbound('0', bytes, packets, { mid: undefined, trackIdentifier: section?.receiver.track.id });
    const selected = { id: 'P', type: 'candidate-pair', selected: true, currentRoundTripTime: 0.01 };
    fake.direct.stats = [selected, arriving(5000, 50)];
    expect(await next(values, 1000)).toMatchObject({ road: 'direct', receiveKbps: 40, rtt: 10 });
    fake.direct.stats = [selected, arriving(15_000, 150)];
    const value: RoomStatistics = await next(values, 1000);
    expect(value).toMatchObject({ receiveKbps: 80, loss: 0, level: 4 });
    expect(value.publications.get(CAM.id)?.kbps).toBe(80);
    fake.direct.stats = [selected, arriving(1000, 10)];
    expect((await next(values, 1000)).receiveKbps).toBe(8);
  });

  it('polls once for all who read, each in its own time, and not at all without them', async () => {
    await callByServer();
    await fake.clock.advance(10_000);
    const looked = fake.sfu.polls; // for silence, which is not for anybody to read
    expect(looked).toBe(20);
    const timers = fake.clock.timers;
    const abort = new AbortController();
    const fast: number[] = [];
    const slow: number[] = [];
    const read = async (values: AsyncIterable<RoomStatistics>, into: number[]) => {
      for await (const { at } of values) into.push(at - start);
    };
    const start = fake.clock.now();
    const reading = [
      read(fake.room.statistics({ every: 1000, signal: abort.signal }), fast),
      read(fake.room.statistics({ every: 1000, signal: abort.signal }), fast),
      read(fake.room.statistics({ every: 3000, signal: abort.signal }), slow),
    ];
    await fake.clock.advance(6600);
    expect(fake.sfu.polls - looked).toBe(13 + 8); // one to compare with, then 0.5 s, 1.5 s … 6.5 s
    expect(fast.filter((_, index) => index % 2)).toEqual([500, 1500, 2500, 3500, 4500, 5500, 6500]);
    expect(slow).toEqual([500, 3500, 6500]);
    abort.abort();
    await Promise.all(reading);
    expect(fake.clock.timers).toBe(timers);
    const polls = fake.sfu.polls;
    await fake.clock.advance(10_000);
    expect(fake.sfu.polls - polls).toBe(20);
  });

  it('gives the newest to who reads slowly, and ends with the room', async () => {
    await callByServer();
    const values = fake.room.statistics({ every: 1000 });
    await fake.clock.advance(5600);
    expect((await values.next()).value.at).toBe(5500);
    await fake.room.leave();
    expect((await values.next()).done).toBe(true);
    expect((await fake.room.statistics().next()).done).toBe(true);
    expect(fake.clock.timers).toBe(0);
  });

  it('says nothing before there is a room', async () => {
    const values = fake.room.statistics({ every: 500 });
    const first = values.next();
    await fake.clock.advance(2000);
    await fake.join({ topology: SFU });
    await fake.clock.advance(500);
    expect((await first).value).toMatchObject({ road: 'sfu' });
  });

  it.each([
    [4, 0.149, 0],
    [3, 0.15, 0],
    [3, 0.04, 0.01],
    [2, 0.3, 0],
    [2, 0.04, 0.03],
    [1, 0.5, 0],
    [1, 0.04, 0.08],
    [0, 0.04, 0.25],
  ])('takes it for quality %i with %f s and a loss of %f', async (level, rtt, loss) => {
    const { received } = await callByServer();
    fake.sfu.stats = [...pair({ currentRoundTripTime: rtt }), inbound(received, 0, 0)];
    const values = fake.room.local.quality({ every: 1000 });
    await settle();
    const lost = { packetsLost: loss * 1000 };
    fake.sfu.stats = [...pair({ currentRoundTripTime: rtt }), inbound(received, 1000, 1000 - loss * 1000, lost)];
    expect(await next(values, 500)).toEqual({
      level,
      rtt: rtt * 1000,
      loss,
      sendKbps: 0,
      receiveKbps: 16,
      limit: 'none',
    });
  });

  it('is of no quality while the room is interrupted', async () => {
    await callByServer();
    const values = fake.room.local.quality({ every: 1000 });
    fake.server.socket.drop();
    expect(await next(values, 500)).toMatchObject({ level: 0 });
  });
});
