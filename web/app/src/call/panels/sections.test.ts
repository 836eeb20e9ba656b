import type { ParticipantSnapshot } from 'tertulia-client';
import { expect, test } from 'vitest';
import { sectionsOf } from './sections.ts';

const person = (name: string, more: Partial<ParticipantSnapshot> = {}): ParticipantSnapshot => ({
  id: name,
  name,
  role: 'speaker',
  connected: true,
  metadata: '',
  hand: 0,
  connectionQuality: null,
  connectionScore: null,
  local: false,
  publications: [],
  ...more,
});
const names = (people: ParticipantSnapshot[]) => people.map(({ name }) => name);
const people = [
  person('Zoe', { local: true }),
  person('ben 10'),
  person('Ben 9', { hand: 4 }),
  person('Cora', { role: 'viewer' }),
  person('Ana', { role: 'moderator' }),
  person('Dora', { role: 'viewer', hand: 2 }),
];

test('raised hands come in their order, whoever raised them; then oneself and the others by name', () => {
  const { hands, inCall, viewers } = sectionsOf(people, '', 'en');
  expect(names(hands)).toEqual(['Dora', 'Ben 9']);
  expect(names(inCall)).toEqual(['Zoe', 'Ana', 'ben 10']);
  expect(names(viewers)).toEqual(['Cora']);
});

test('a query finds names in any case', () => {
  const { hands, inCall, viewers } = sectionsOf(people, ' BEN', 'en');
  expect([names(hands), names(inCall), names(viewers)]).toEqual([['Ben 9'], ['ben 10'], []]);
});
