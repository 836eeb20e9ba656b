import type { Clock } from '../common/clock.js';

/** The server takes bursts of four times the rate; we stay a little below. */
const BURST = 3;

/** A token bucket that keeps requests within the server's budget, instead of being told `too_many_messages`. */
export class Rate {
  readonly #clock: Clock;
  #perSecond = 0;
  #tokens = 0;
  #at = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(perSecond: number): void {
    this.#perSecond = perSecond;
    this.#tokens = perSecond * BURST;
    this.#at = this.#clock.now();
  }

  /** 0: go ahead, and so many are taken. Else the milliseconds until there are. */
  take(count = 1): number {
    if (this.#perSecond <= 0) return 0;
    const now = this.#clock.now();
    this.#tokens = Math.min(this.#perSecond * BURST, this.#tokens + ((now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
    if (this.#tokens < count) return Math.ceil(((count - this.#tokens) / this.#perSecond) * 1000);
    this.#tokens -= count;
    return 0;
  }
}
