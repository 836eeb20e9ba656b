import type { ParticipantSnapshot, PublicationSnapshot } from 'tertulia-client';
import { expect, test } from 'vitest';
import { type Attention, castOf, floatingOf, handQueue, largeOf } from './cast.ts';

const publication = (source: PublicationSnapshot['source']) =>
  ({ id: source, source, muted: false }) as PublicationSnapshot;

const person = (id: string, part: Partial<ParticipantSnapshot> = {}): ParticipantSnapshot => ({
  id,
  name: id,
  role: 'speaker',
  connected: true,
  metadata: '',
  hand: 0,
  connectionQuality: null,
  connectionScore: null,
  local: false,
  publications: [publication('camera')],
  ...part,
});

const self = person('self', { local: true });
const keys = (people: readonly ParticipantSnapshot[], hideSelf = false) =>
  castOf(people, hideSelf).map(({ key }) => key);

const attention = (part: Partial<Attention> = {}): Attention => ({
  view: { layout: 'auto', pin: null },
  spotlight: null,
  shares: [],
  speaker: null,
  ...part,
});

test('oneself comes before the others, and a shared screen before the people', () => {
  const ana = person('ana', { publications: [publication('camera'), publication('screen')] });
  expect(keys([person('ben'), ana, self])).toEqual(['ana/screen', 'self/camera', 'ben/camera', 'ana/camera']);
});

test('who only watches has no tile, until they send something', () => {
  const watching = person('eve', { role: 'viewer', publications: [] });
  expect(keys([self, watching])).toEqual(['self/camera']);
  expect(keys([self, person('dan', { publications: [] })])).toEqual(['self/camera', 'dan/camera']);
});

test('the own view can be hidden, the own screen stays', () => {
  const sharing = { ...self, publications: [publication('screen')] };
  expect(keys([sharing, person('ana')], true)).toEqual(['self/screen', 'ana/camera']);
});

test('a grid, while nobody shares and nobody is in the spotlight', () => {
  expect(largeOf(castOf([self, person('ana')], false), attention())).toBeNull();
});

test('the newest share is large; the spotlight comes before it, and the pin before all', () => {
  const sharing = (id: string) => person(id, { publications: [publication('camera'), publication('screen')] });
  const cast = castOf([self, sharing('ana'), sharing('ben'), person('cleo')], false);
  const shares = ['ben/screen', 'ana/screen'];
  expect(largeOf(cast, attention({ shares }))).toBe('ana/screen');
  expect(largeOf(cast, attention({ shares, spotlight: 'cleo' }))).toBe('cleo/camera');
  expect(largeOf(cast, attention({ shares, spotlight: 'ben' }))).toBe('ben/screen');
  const pin = { participant: 'self', source: 'camera' } as const;
  expect(largeOf(cast, attention({ shares, spotlight: 'cleo', view: { layout: 'auto', pin } }))).toBe('self/camera');
});

test('a pin of somebody who left is as no pin', () => {
  const pin = { participant: 'gone', source: 'camera' } as const;
  expect(largeOf(castOf([self], false), attention({ view: { layout: 'auto', pin } }))).toBeNull();
});

test('the speaker layout shows who speaks, and somebody else than oneself before anybody did', () => {
  const cast = castOf([self, person('ana'), person('ben')], false);
  const view = { layout: 'speaker', pin: null } as const;
  expect(largeOf(cast, attention({ view }))).toBe('ana/camera');
  expect(largeOf(cast, attention({ view, speaker: 'ben' }))).toBe('ben/camera');
});

test('between two people the own view floats, unless a grid was asked for', () => {
  const cast = castOf([person('ana'), self], false);
  expect(floatingOf(cast, { layout: 'auto' }, null)).toBe(0);
  expect(floatingOf(cast, { layout: 'grid' }, null)).toBeNull();
  expect(floatingOf(castOf([self, person('ana'), person('ben')], false), { layout: 'auto' }, null)).toBeNull();
});

test('hands are numbered from 1 without gaps', () => {
  const queue = handQueue([person('ana', { hand: 7 }), person('ben', { hand: 3 }), person('cleo')]);
  expect([...queue]).toEqual([
    ['ben', 1],
    ['ana', 2],
  ]);
});
