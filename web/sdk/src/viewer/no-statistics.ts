import type { Statistics as Full } from '../room/statistics.js';

/** In place of the room's statistics in `viewer.js`: who only shows a stream has no way to ask for them, and every byte is downloaded. */
export class Statistics implements Pick<Full, 'handleTold' | 'handleClosed'> {
  async *iterate<T>(): AsyncGenerator<T, undefined> {}

  handleTold(): void {}

  handleClosed(): void {}
}

export const qualityOf: typeof import('../room/statistics.js').qualityOf = (value) => value;
