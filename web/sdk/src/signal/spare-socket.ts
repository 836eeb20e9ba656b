import type { Clock } from '../common/clock.js';
import { ClockedTimeouts } from '../common/clock.js';
import type { SignalSocket } from './signal-socket.js';
import { discard } from './signal-socket.js';

/** A socket that lives has answered by then nearly always, and no other one was called for. */
const HEAD_START_MS = 200;

/** Another socket beside one that is in doubt, as addresses are tried side by side (RFC 8305): what was lost is known only after long. */
export class SpareSocket {
  readonly #timers: ClockedTimeouts;
  readonly #create: () => SignalSocket;
  readonly #opened: () => void;
  #socket: SignalSocket | null = null;

  /** `opened` has to `take` it. */
  constructor(clock: Clock, create: () => SignalSocket, opened: () => void) {
    this.#timers = new ClockedTimeouts(clock);
    this.#create = create;
    this.#opened = opened;
  }

  /** Begins after a moment, unless it has begun. */
  open(): void {
    if (this.#socket || this.#timers.has('begin')) return;
    this.#timers.set('begin', HEAD_START_MS, () => {
      const socket = this.#create();
      this.#socket = socket;
      socket.onopen = this.#opened;
      socket.onclose = () => {
        this.#socket = null;
      };
    });
  }

  /** The socket, from now on somebody else's, whether it is open already or not; null where there is none. */
  take(): SignalSocket | null {
    const socket = this.#socket;
    this.#socket = null;
    this.#timers.clearAll();
    return socket;
  }

  drop(): void {
    const socket = this.take();
    if (socket) discard(socket, 4000);
  }
}
