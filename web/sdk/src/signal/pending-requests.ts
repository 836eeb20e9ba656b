import { RoomError } from '../common/room-error.js';
import type { ClientMessage, MediaChunk, MediaRead, Ping, Resume, ServerMessage } from '../wire/generated.js';

export type Request = Exclude<ClientMessage, Resume | Ping | MediaChunk | MediaRead>;

interface Pending {
  message: Request;
  resolve(reply: ServerMessage): void;
  reject(error: unknown): void;
}

/** More than this waiting means that nobody answers any more. */
const MOST = 512;

/** Requests without a reply, in the order of their ids. */
export class PendingRequests {
  readonly #pending = new Map<number, Pending>();

  get size(): number {
    return this.#pending.size;
  }

  add(message: Request, signal?: AbortSignal | null): Promise<ServerMessage> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (this.#pending.size >= MOST) {
        return reject(new RoomError('too_many_messages', 'Too many requests are waiting.', { retryable: true }));
      }
      // An aborted request that was not sent yet is never sent: ids only have to grow, they may leave gaps.
      const abort = () => {
        this.#pending.delete(message.id);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
      const done = () => signal?.removeEventListener('abort', abort);
      this.#pending.set(message.id, {
        message,
        resolve: (reply) => {
          done();
          resolve(reply);
        },
        reject: (error) => {
          done();
          reject(error);
        },
      });
    });
  }

  settle(id: number, reply: ServerMessage): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    if (reply.type === 'error') pending.reject(RoomError.fromWire(reply));
    else pending.resolve(reply);
  }

  /** Requests with an id above `id`, in order. */
  *after(id: number): Iterable<Request> {
    for (const [key, pending] of this.#pending) if (key > id) yield pending.message;
  }

  rejectAll(error: RoomError): void {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const pending of all) pending.reject(error);
  }
}
