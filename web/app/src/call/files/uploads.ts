import { type Room, RoomError, type UploadOptions } from 'tertulia-client';

/** A file on its way; `failed` until it is tried again or given up. */
export interface Outbound {
  readonly key: number;
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  readonly sent: number;
  /** Id of the only one who is to see it; null: everyone. */
  readonly to: string | null;
  readonly state: 'waiting' | 'sending' | 'failed';
  /** Why it failed: code of a RoomError. */
  readonly code: string;
}

interface Entry extends Outbound {
  readonly file: File;
  readonly stop: AbortController;
}

/** That are sent at a time; the others wait. */
const AT_ONCE = 2;

/** What this person uploads. It outlives the panel: who closes the chat does not break off a file. */
export class Uploads {
  readonly #upload: Room['files']['upload'];
  readonly #listeners = new Set<() => void>();
  #entries: readonly Entry[] = [];
  #keys = 0;

  constructor(upload: Room['files']['upload']) {
    this.#upload = upload;
  }

  /** Immutable, and the same object until something changes. */
  get snapshot(): readonly Outbound[] {
    return this.#entries;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** `to`: id of the only one who is to see them; null: everyone. */
  add(files: Iterable<File>, to: string | null): void {
    const added = [...files].map((file): Entry => {
      this.#keys += 1;
      const { name, size } = file;
      return {
        key: this.#keys,
        name,
        size,
        sent: 0,
        state: 'waiting',
        code: '',
        file,
        to,
        stop: new AbortController(),
      };
    });
    this.#change([...this.#entries, ...added]);
    this.#next();
  }

  retry(key: number): void {
    const entry = this.#entries.find((one) => one.key === key);
    if (entry?.state !== 'failed') return;
    this.#replace(key, { state: 'waiting', code: '', stop: new AbortController() });
    this.#next();
  }

  /** Stops it, or takes it off the list where it has failed. */
  giveUp(key: number): void {
    this.#entries.find((one) => one.key === key)?.stop.abort();
    this.#change(this.#entries.filter((one) => one.key !== key));
    this.#next();
  }

  #next(): void {
    const sending = this.#entries.filter(({ state }) => state === 'sending').length;
    const waiting = this.#entries.filter(({ state }) => state === 'waiting');
    for (const { key } of waiting.slice(0, Math.max(0, AT_ONCE - sending))) {
      this.#replace(key, { state: 'sending' });
      void this.#send(key);
    }
  }

  async #send(key: number): Promise<void> {
    const entry = this.#entries.find((one) => one.key === key);
    if (!entry) return;
    const { file, to, stop } = entry;
    const options: UploadOptions = {
      to,
      signal: stop.signal,
      onProgress: ({ sent }) => this.#replace(key, { sent }),
    };
    try {
      await this.#upload(file, options);
      this.#change(this.#entries.filter((one) => one.key !== key));
    } catch (error) {
      if (stop.signal.aborted) return;
      this.#replace(key, { state: 'failed', code: error instanceof RoomError ? error.code : 'internal' });
    }
    this.#next();
  }

  #replace(key: number, part: Partial<Entry>): void {
    this.#change(this.#entries.map((one) => (one.key === key ? { ...one, ...part } : one)));
  }

  #change(entries: readonly Entry[]): void {
    this.#entries = entries;
    for (const listener of [...this.#listeners]) listener();
  }
}
