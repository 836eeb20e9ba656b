import type { ConnectionQuality, PublicationStatistics, Room, RoomStatistics } from 'tertulia-client';
import { expect, test } from 'vitest';
import { qualities, verdictOf, wordOf } from './quality.ts';

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

/** A room whose server said this of people. */
function roomOf(told: Record<string, ConnectionQuality | null>): Pick<Room, 'local' | 'participants'> {
  const people = Object.entries(told).map(([id, connectionQuality]) => [id, { id, connectionQuality }] as const);
  const { self, ...others } = Object.fromEntries(people);
  return { local: self, participants: new Map(Object.entries(others)) } as never;
}

const DIRECT = { self: null, ana: null, ben: null, cleo: null };
const PUBLICATIONS = new Map([
  ['1', received('ana', { loss: 0.05 })],
  ['2', received('ana')],
  ['3', received('ben', { freezes: 2 })],
  ['4', received('cleo')],
  ['5', { ...received('self', { loss: 0.5 }), direction: 'send' as const }],
]);

test('in a direct call each person is as good as what comes of them', () => {
  const known = qualities(roomOf(DIRECT), statistics({ publications: PUBLICATIONS }));
  expect(Object.fromEntries(known)).toEqual({ self: 'excellent', ana: 'poor', ben: 'poor' });
});

test('a poor connection of one’s own is not said to be that of the others', () => {
  const known = qualities(roomOf(DIRECT), statistics({ level: 1, publications: PUBLICATIONS }));
  expect([...known]).toEqual([['self', 'poor']]);
});

test('what the server says goes before what this page measures', () => {
  const told = { self: 'good', ana: 'excellent', ben: 'lost', cleo: null } as const;
  const expected = { self: 'good', ana: 'excellent', ben: 'lost' };
  for (const level of [1, 4] as const)
    expect(Object.fromEntries(qualities(roomOf(told), statistics({ level, publications: PUBLICATIONS })))).toEqual(
      expected,
    );
  expect(Object.fromEntries(qualities(roomOf(told), null))).toEqual(expected);
});

test('levels have the server’s words', () => {
  expect(([0, 1, 2, 3, 4] as const).map(wordOf)).toEqual(['lost', 'poor', 'poor', 'good', 'excellent']);
});
