import { expect, test } from 'vitest';
import { bubble, follow } from './order.ts';

const order = ['self', 'ana', 'ben', 'cleo', 'dan', 'eve'];
const fixed = new Set(['self']);

test('who speaks on a later page changes places with who was silent the longest', () => {
  const spoke = new Map([
    ['ana', 5],
    ['ben', 2],
  ]);
  expect(bubble(order, ['eve'], 3, { spoke, fixed })).toEqual(['self', 'ana', 'eve', 'cleo', 'dan', 'ben']);
});

test('nobody moves while those who speak are on the first page', () => {
  expect(bubble(order, ['ben', 'ana'], 3, { spoke: new Map(), fixed })).toBe(order);
});

test('nobody who speaks has to leave, and oneself never does', () => {
  expect(bubble(order, ['ana', 'ben', 'eve'], 3, { spoke: new Map(), fixed })).toBe(order);
});

test('several speakers come at once', () => {
  const next = bubble(order, ['dan', 'eve'], 3, { spoke: new Map(), fixed });
  expect(next.slice(0, 3)).toEqual(['self', 'dan', 'eve']);
  expect([...next].sort()).toEqual([...order].sort());
});

test('the order survives who comes and who goes', () => {
  expect(follow(order, [...order])).toBe(order);
  expect(follow(order, ['self', 'ana', 'cleo', 'dan', 'eve', 'fay'])).toEqual([
    'self',
    'ana',
    'cleo',
    'dan',
    'eve',
    'fay',
  ]);
});
