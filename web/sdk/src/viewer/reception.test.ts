import { expect, it } from 'vitest';
import { latencyBetween, readReception } from './reception.js';

const connection = (...entries: object[]) => ({
  getStats: async () => new Map(entries.map((entry, i) => [`${i}`, entry])) as unknown as RTCStatsReport,
});
const track = { id: 't1' } as MediaStreamTrack;
const inbound = {
  type: 'inbound-rtp',
  trackIdentifier: 't1',
  framesDecoded: 9,
  jitterBufferDelay: 3,
  jitterBufferEmittedCount: 30,
};

it('reads the track that is played, and the pair of addresses that is used', async () => {
  const seen = await readReception(
    connection(
      { ...inbound, trackIdentifier: 'other', framesDecoded: 1 },
      inbound,
      { type: 'transport', selectedCandidatePairId: 'p2' },
      { type: 'candidate-pair', id: 'p1', nominated: true, currentRoundTripTime: 9 },
      { type: 'candidate-pair', id: 'p2', nominated: true, currentRoundTripTime: 0.04 },
    ),
    track,
  );
  expect(seen).toEqual({ frames: 9, roundTrip: 0.04, held: 3, played: 30 });
  expect(await readReception(connection({ ...inbound, trackIdentifier: 'other' }), track)).toBeNull();
});

it('counts half a round trip and what was held back since the last look', () => {
  const before = { frames: 0, roundTrip: 0.2, held: 3, played: 30 };
  expect(latencyBetween(before, { frames: 9, roundTrip: 0.04, held: 4, played: 40 })).toBeCloseTo(0.12);
  expect(latencyBetween(before, before)).toBeNull();
});
