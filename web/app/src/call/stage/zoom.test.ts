import { expect, test } from 'vitest';
import { panBy, WHOLE, zoomAt } from './zoom.ts';

const box = { width: 400, height: 200 };

test('the point below the fingers stays where it is', () => {
  const point = { x: 100, y: 50 };
  const zoom = zoomAt(WHOLE, 2, point, box);
  expect(zoom).toEqual({ scale: 2, x: -100, y: -50 });
  expect((point.x - zoom.x) / zoom.scale).toBe(100);
});

test('a picture is never smaller than its box, nor moved out of it', () => {
  expect(zoomAt(WHOLE, 0.2, { x: 10, y: 10 }, box).scale).toBe(1);
  const large = zoomAt(WHOLE, 3, { x: 400, y: 200 }, box);
  expect(panBy(large, { x: -5000, y: 5000 }, box)).toEqual({ scale: 3, x: -800, y: 0 });
  expect(zoomAt(large, 0.01, { x: 0, y: 0 }, box)).toEqual({ scale: 1, x: 0, y: 0 });
});

test('there is an end to enlarging', () => {
  expect(zoomAt(WHOLE, 1000, { x: 0, y: 0 }, box).scale).toBe(8);
});
