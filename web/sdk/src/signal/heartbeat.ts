import type { Clock } from '../common/clock.js';
import { ClockedTimeouts } from '../common/clock.js';

/** Where the socket is in doubt a ping has to be answered sooner than by the usual two heartbeats: a new one is cheap. */
const PROBE_MS = 1000;

/** Sends pings and notices when one is not answered. */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #timers: ClockedTimeouts;
  readonly #ping: (time: number) => void;
  readonly #lost: () => void;
  #interval = 0;
  /** When the oldest unanswered ping was sent. */
  #waitingSince: number | null = null;
  #roundTripTime: number | null = null;

  constructor(clock: Clock, ping: (time: number) => void, lost: () => void) {
    this.#clock = clock;
    this.#timers = new ClockedTimeouts(clock);
    this.#ping = ping;
    this.#lost = lost;
  }

  /** `interval` in milliseconds. The first ping leaves at once: its acknowledgement lets the server forget the snapshot of the room. */
  start(interval: number): void {
    this.stop();
    this.#interval = interval;
    this.#send();
    this.#schedule();
  }

  /** Milliseconds that the last answer on this socket took; null before there is one. */
  get roundTripTime(): number | null {
    return this.#roundTripTime;
  }

  /** `time`: of the ping that is answered, as it came back. */
  handlePong(time: number | null): void {
    if (time !== null) this.#roundTripTime = Math.max(0, this.#clock.now() - time);
    this.#waitingSince = null;
    this.#timers.clear('probe');
  }

  /** Asks at once whether the socket still lives. */
  probe(): void {
    if (this.#interval === 0 || this.#timers.has('probe')) return;
    this.#send();
    this.#timers.set('probe', Math.min(PROBE_MS, 2 * this.#interval), this.#lost);
  }

  stop(): void {
    this.#interval = 0;
    this.#waitingSince = null;
    this.#roundTripTime = null;
    this.#timers.clearAll();
  }

  #schedule(): void {
    this.#timers.set('beat', this.#interval, () => {
      if (this.#waitingSince !== null && this.#clock.now() - this.#waitingSince >= 2 * this.#interval) {
        this.#lost();
        return;
      }
      this.#send();
      this.#schedule();
    });
  }

  #send(): void {
    const now = this.#clock.now();
    this.#waitingSince ??= now;
    this.#ping(now);
  }
}
