import type { Deferred } from '../common/deferred.js';
import { deferred } from '../common/deferred.js';

/** So many are on their way to the server; meanwhile only the newest waits. */
const UNDERWAY = 4;

/** Keeps a few on their way, and of the rest the newest of each kind. */
export class LatestSender<Body> {
  readonly #request: (body: Body) => Promise<unknown>;
  readonly #waiting = new Map<string | null, { body: Body; sent: Deferred<void> }>();
  #underway = 0;

  constructor(request: (body: Body) => Promise<unknown>) {
    this.#request = request;
  }

  /** Resolves when the server has it, or something newer of its `kind`. */
  send(kind: string | null, body: Body): Promise<void> {
    const entry = this.#waiting.get(kind) ?? { body, sent: deferred<void>() };
    entry.body = body;
    this.#waiting.set(kind, entry);
    this.#go();
    return entry.sent.promise;
  }

  #go(): void {
    for (const [kind, { body, sent }] of this.#waiting) {
      if (this.#underway >= UNDERWAY) return;
      this.#waiting.delete(kind);
      this.#underway += 1;
      this.#request(body)
        .then(() => sent.resolve(), sent.reject)
        .finally(() => {
          this.#underway -= 1;
          this.#go();
        });
    }
  }
}
