import type { Message } from 'tertulia-client';
import { expect, test } from 'vitest';
import { en } from '../i18n/en/index.ts';
import { Announcements } from './announcements.ts';

const words = en.panels.announce;
const people = (...names: string[]) => new Map(names.map((name) => [name.toLowerCase(), name]));
const message = (text: string, to: string | null = null): Message => ({
  id: text,
  sender: 'ana',
  name: 'Ana',
  text,
  to,
  time: 0,
  number: 1,
});

test('who came and who went is told once, in one sentence each', () => {
  const happened = new Announcements();
  happened.people(people('Ana'), people('Ana', 'Ben', 'Cora'));
  happened.people(people('Ana', 'Ben', 'Cora'), people('Ben', 'Cora'));
  expect(happened.take(words)).toEqual(['Ben and Cora joined.', 'Ana left.']);
  expect(happened.empty).toBe(true);
  expect(happened.take(words)).toEqual([]);
});

test('twelve people are not twelve names', () => {
  const happened = new Announcements();
  happened.people(new Map(), people(...'ABCDEFGHIJKL'));
  expect(happened.take(words)).toEqual(['A, B and 10 others joined.']);
});

test('who came and went again, or went and came back, is not mentioned', () => {
  const happened = new Announcements();
  happened.people(people('Ana'), people('Ana', 'Ben'));
  happened.people(people('Ana', 'Ben'), people());
  happened.people(people(), people('Ana'));
  expect(happened.empty).toBe(true);
});

test('another name of the same person is neither', () => {
  const happened = new Announcements();
  happened.people(new Map([['1', 'Ana']]), new Map([['1', 'Anna']]));
  expect(happened.empty).toBe(true);
});

test('a hand that went down again is not announced', () => {
  const happened = new Announcements();
  happened.hand('ana', 'Ana', true);
  happened.hand('ben', 'Ben', true);
  happened.hand('ana', 'Ana', false);
  expect(happened.take(words)).toEqual(['Ben raised a hand.']);
});

test('a few messages are read, a long one is cut, and many are counted', () => {
  const happened = new Announcements();
  happened.message(message('hello'));
  happened.message(message('psst', 'me'));
  happened.message(message('x'.repeat(10_000)));
  expect(happened.take(words)).toEqual(['Ana: hello', 'Ana, privately: psst', `Ana: ${'x'.repeat(120)}…`]);
  for (let count = 0; count < 5; count += 1) happened.message(message('hello'));
  expect(happened.take(words)).toEqual(['5 new messages.']);
});
