import type { Clock } from '../common/clock.js';
import type { Receiver } from './receiver.js';

interface Retirable {
  readonly key: string;
  retire(): void;
  close(): void;
}

const LONGEST_MS = 10_000;

/**
 * Connections that were replaced: each stays open until nothing that it brought is shown any more, so that the last picture stands until
 * the next one is there; 10 s at most.
 */
export class Retirement {
  readonly #clock: Clock;
  readonly #leaving = new Map<string, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(connection: Retirable, receivers: Iterable<Receiver>): void {
    connection.retire();
    const shown = new Set([...receivers].filter((receiver) => receiver.key === connection.key));
    const all = [...receivers];
    const onChange = () => {
      for (const receiver of shown) if (receiver.key !== connection.key) shown.delete(receiver);
      if (shown.size === 0) end();
    };
    const handle = this.#clock.setTimeout(() => end(), LONGEST_MS);
    const end = () => {
      if (!this.#leaving.delete(connection.key)) return;
      this.#clock.clearTimeout(handle);
      for (const receiver of all) receiver.removeEventListener('change', onChange);
      for (const receiver of all) receiver.handleGone(connection.key);
      connection.close();
    };
    this.#leaving.set(connection.key, end);
    for (const receiver of all) receiver.addEventListener('change', onChange);
    onChange();
  }

  closeAll(): void {
    for (const end of [...this.#leaving.values()]) end();
  }
}
