import { expect, test } from 'vitest';
import { arrange } from './layout.ts';

const GAP = 8;
const desktop = { width: 1280, height: 640 };
const phone = { width: 360, height: 600 };

test.each([1, 2, 3, 4, 6, 9, 12, 25])('%i tiles fit into their box and keep their shape', (count) => {
  for (const box of [desktop, phone]) {
    const { columns, tile } = arrange(count, box, GAP);
    const rows = Math.ceil(count / columns);
    expect(columns * tile.width + (columns - 1) * GAP).toBeLessThanOrEqual(box.width);
    expect(rows * tile.height + (rows - 1) * GAP).toBeLessThanOrEqual(box.height + rows);
    expect(tile.width / tile.height).toBeCloseTo(1.6, 0);
  }
});

test('two people sit side by side on a desk and one above the other on a phone', () => {
  expect(arrange(2, desktop, GAP).columns).toBe(2);
  expect(arrange(2, phone, GAP).columns).toBe(1);
});
