import { expect, test } from 'vitest';
import { neighbour } from './neighbour.ts';

const at = (x: number, y: number, width = 10, height = 10) => ({ x, y, width, height });
/** Three above two, centred. */
const places = [at(0, 0), at(12, 0), at(24, 0), at(6, 12), at(18, 12)];

test.each([
  [0, 'ArrowRight', 1],
  [1, 'ArrowLeft', 0],
  [0, 'ArrowDown', 3],
  [4, 'ArrowLeft', 3],
  [2, 'ArrowDown', 4],
  [3, 'ArrowUp', 0],
  [0, 'ArrowLeft', null],
  [4, 'ArrowDown', null],
  [2, 'Home', 0],
  [0, 'End', 4],
  [0, 'x', null],
] as const)('from %i, %s leads to %s', (from, key, to) => {
  expect(neighbour(places, from, key)).toBe(to);
});
