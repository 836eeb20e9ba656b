import type { RoomStatistics } from 'tertulia-client';
import { expect, test } from 'vitest';
import { axisEnd, line, type Point, SPAN, withPoint } from './history.ts';

const at = (time: number, sendKbps = 0) =>
  ({ at: time, sendKbps, receiveKbps: 0, rtt: null, loss: 0, sendLoss: 0 }) as RoomStatistics;

test('what is older than two minutes is forgotten', () => {
  let history: readonly Point[] = [];
  for (let time = 0; time <= SPAN + 5000; time += 1000) history = withPoint(history, at(time));
  expect(history[0]?.at).toBe(5000);
  expect(history.at(-1)?.at).toBe(SPAN + 5000);
});

test.each([
  [[], 10, 10],
  [[3, 12], 10, 20],
  [[480], 10, 500],
  [[501], 10, 1000],
  [[0.004], 0.02, 0.02],
])('the axis for %o, at least %d, ends at %d', (values, least, end) => {
  expect(axisEnd(values, least)).toBeCloseTo(end);
});

test('a line ends at the right edge, and leaves out what is not known', () => {
  const history = [at(0, 50), at(SPAN / 2, 100)];
  expect(line(history, ({ sendKbps }) => sendKbps, 100)).toBe('50.00,50.00 100.00,0.00');
  expect(line(history, ({ rtt }) => rtt, 100)).toBe('');
});
