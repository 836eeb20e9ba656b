import { expect, test } from 'vitest';
import { giveFloor, HOLD } from './floor.ts';

const empty = { speaker: null, since: 0 };

test('the first to speak has the floor at once, and keeps it in silence', () => {
  const floor = giveFloor(empty, 'ana', 10);
  expect(floor).toEqual({ speaker: 'ana', since: 10 });
  expect(giveFloor(floor, null, 10 * HOLD)).toBe(floor);
});

test('a cough does not take the floor, speech after the hold does', () => {
  const floor = giveFloor(empty, 'ana', 0);
  expect(giveFloor(floor, 'ben', HOLD - 1)).toBe(floor);
  expect(giveFloor(floor, 'ben', HOLD)).toEqual({ speaker: 'ben', since: HOLD });
});
