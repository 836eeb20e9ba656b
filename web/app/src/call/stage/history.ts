import type { RoomStatistics } from 'tertulia-client';

/** Milliseconds that a plot shows. */
export const SPAN = 120_000;

export type Point = Pick<RoomStatistics, 'at' | 'sendKbps' | 'receiveKbps' | 'rtt' | 'loss' | 'sendLoss'>;

/** With one more point; what is older than the plots is forgotten. */
export function withPoint(history: readonly Point[], statistics: RoomStatistics): readonly Point[] {
  const { at, sendKbps, receiveKbps, rtt, loss, sendLoss } = statistics;
  return [...history.filter((point) => at - point.at <= SPAN), { at, sendKbps, receiveKbps, rtt, loss, sendLoss }];
}

/** The upper end of an axis: the next of 1, 2, 5, 10, 20 … that holds all values, but at least `least`. */
export function axisEnd(values: readonly number[], least: number): number {
  const most = Math.max(least, ...values);
  const power = 10 ** Math.floor(Math.log10(most));
  return power * ([1, 2, 5, 10].find((step) => step * power >= most) ?? 10);
}

/** The points of an SVG polyline in a box of 100 by 100: the newest at the right edge. */
export function line(history: readonly Point[], value: (point: Point) => number | null, end: number): string {
  const now = history.at(-1)?.at ?? 0;
  return history
    .flatMap((point) => {
      const y = value(point);
      if (y === null) return [];
      return [`${(100 - ((now - point.at) / SPAN) * 100).toFixed(2)},${(100 - (y / end) * 100).toFixed(2)}`];
    })
    .join(' ');
}
