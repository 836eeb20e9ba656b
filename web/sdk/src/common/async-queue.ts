import type { Deferred } from './deferred.js';
import { deferred } from './deferred.js';

export interface QueueOptions<T> {
  /** So many values wait at most. */
  limit: number;
  /** Ends the iteration, without an error. */
  signal?: AbortSignal | null;
  /** What the reader is told after the values that had room; left out: the oldest value gives way instead. */
  overflow?: () => Error;
  /** Whether a value that waits is out of date now that another has come; that one takes its place. */
  outdated?: (waiting: T, value: T) => boolean;
  /** Called once, when nothing more can be pushed. */
  ended?: (queue: AsyncQueue<T>) => void;
}

/** Values that wait for a `for await`. They are collected from the beginning, not only from the first `next()`. */
export class AsyncQueue<T> implements AsyncIterableIterator<T> {
  readonly #options: QueueOptions<T>;
  readonly #values: T[] = [];
  readonly #readers: Deferred<IteratorResult<T>>[] = [];
  readonly #abort = () => void this.return();
  #ended = false;
  #error: Error | null = null;

  constructor(options: QueueOptions<T>) {
    this.#options = options;
    if (options.signal?.aborted) this.end();
    else options.signal?.addEventListener('abort', this.#abort, { once: true });
  }

  push(value: T): void {
    if (this.#ended) return;
    const reader = this.#readers.shift();
    if (reader) return reader.resolve({ done: false, value });
    const { limit, outdated, overflow } = this.#options;
    const place = outdated ? this.#values.findIndex((waiting) => outdated(waiting, value)) : -1;
    if (place >= 0) {
      this.#values[place] = value;
      return;
    }
    if (this.#values.length >= limit) {
      if (overflow) return this.fail(overflow());
      this.#values.shift();
    }
    this.#values.push(value);
  }

  /** Nothing more comes; what waits can still be read. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.signal?.removeEventListener('abort', this.#abort);
    for (const reader of this.#readers.splice(0)) reader.resolve({ done: true, value: undefined });
    this.#options.ended?.(this);
  }

  async next(): Promise<IteratorResult<T>> {
    if (this.#values.length > 0) return { done: false, value: this.#values.shift() as T };
    const error = this.#error;
    this.#error = null;
    if (error) throw error;
    if (this.#ended) return { done: true, value: undefined };
    const reader = deferred<IteratorResult<T>>();
    this.#readers.push(reader);
    return reader.promise;
  }

  /** The reader has left the loop. */
  async return(): Promise<IteratorResult<T>> {
    this.#values.length = 0;
    this.#error = null;
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** Nothing more comes; after what waits the reader is told why. */
  fail(error: Error): void {
    if (this.#ended) return;
    const reader = this.#readers.shift();
    if (reader) reader.reject(error);
    else this.#error = error;
    this.end();
  }
}
