import type { PublicationStatistics, RoomStatistics } from 'tertulia-client';
import { expect, test } from 'vitest';
import { personalLevels, verdictOf } from './quality.ts';

const statistics = (part: Partial<RoomStatistics> = {}): RoomStatistics => ({
  at: 0,
  road: 'sfu',
  level: 4,
  rtt: 40,
  loss: 0,
  sendLoss: 0,
  sendKbps: 800,
  receiveKbps: 900,
  availableSendKbps: null,
  limit: 'none',
  publications: new Map(),
  ...part,
});

const received = (participant: string, part: Partial<PublicationStatistics> = {}) =>
  ({ participant, direction: 'receive', loss: 0, freezes: 0, ...part }) as PublicationStatistics;

test.each([
  ['good', {}],
  ['fair', { level: 3, rtt: 200 }],
  ['upload', { level: 3, limit: 'bandwidth' }],
  ['upload', { level: 2, sendLoss: 0.06 }],
  ['upload', { level: 0, sendLoss: 0.4 }],
  ['download', { level: 2, loss: 0.06 }],
  ['slow', { level: 2, rtt: 350 }],
  ['computer', { limit: 'cpu' }],
  ['interrupted', { level: 0 }],
] as const)('the verdict is %s with %o', (expected, part) => {
  expect(verdictOf(statistics(part))).toBe(expected);
});

test('each person has the level of the worst that comes from them', () => {
  const publications = new Map([
    ['1', received('ana', { loss: 0.05 })],
    ['2', received('ana')],
    ['3', received('ben', { freezes: 2 })],
    ['4', received('cleo')],
    ['5', { ...received('self', { loss: 0.5 }), direction: 'send' as const }],
  ]);
  expect(Object.fromEntries(personalLevels(statistics({ publications }), 'self'))).toEqual({
    self: 4,
    ana: 2,
    ben: 1,
    cleo: 4,
  });
});

test('a weak connection of one’s own is not said to be that of the others', () => {
  const publications = new Map([['1', received('ana', { loss: 0.2 })]]);
  expect([...personalLevels(statistics({ level: 1, publications }), 'self')]).toEqual([['self', 1]]);
});
