import { AsyncQueue } from '../common/async-queue.js';
import type { Statistics as Full } from '../room/statistics.js';

/** In place of the room's statistics in `viewer.js`: who only shows a stream has no way to ask for them, and every byte is downloaded. */
export class Statistics implements Pick<Full, 'iterate' | 'handleTold' | 'handleClosed'> {
  iterate<T>(): AsyncQueue<T> {
    const none = new AsyncQueue<T>({ limit: 1, signal: null, ended: () => undefined });
    none.end();
    return none;
  }

  handleTold(): void {}

  handleClosed(): void {}
}

export const qualityOf: typeof import('../room/statistics.js').qualityOf = (value) => value;
