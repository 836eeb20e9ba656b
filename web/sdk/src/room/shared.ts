import { RoomError } from '../common/room-error.js';
import type { StateEntry } from '../wire/generated.js';
import type { CallOptions, RoomContext } from './context.js';

/** So many times somebody else may be quicker. */
const TRIES = 100;

/** What a key stands for. It comes from another person's page and is not checked. */
export interface SharedValue<T = unknown> {
  readonly value: T;
  /** Of the change that set it: the changes of a room are counted from 1. */
  readonly version: number;
}

/** A key was set, or deleted. */
export interface SharedChange {
  readonly key: string;
  /** Null: it was deleted. */
  readonly value: SharedValue | null;
  /** Id of who did it; `server` for the server's own code, null where it came to pass while one was away. */
  readonly from: string | null;
}

/**
 * Keys and JSON values that all in the room share, as long as the room lasts; the event `sharedchange` tells of changes. At most 1,000 keys (1 to
 * 64 of `A–Z a–z 0–9 _ . / : -`), 64 KiB a value, 512 KiB in all.
 *
 * All that changes something rejects with RoomError: `not_allowed` (without the right `data`), `too_large`, `closed`; and `conflict` where the
 * version is another one, whose `present` is what is there now.
 */
export interface Shared {
  /** By key, as they are now. The map is replaced, not changed. */
  readonly entries: ReadonlyMap<string, SharedValue>;
  /** Null: there is no such key. */
  get<T = unknown>(key: string): SharedValue<T> | null;
  /** Whatever is there. Resolves to its version. */
  set(key: string, value: unknown, options?: CallOptions): Promise<number>;
  /** Only where the key has this version; 0: only where there is no such key. Resolves to the new version. */
  compareAndSet(key: string, version: number, value: unknown, options?: CallOptions): Promise<number>;
  /** Sets what `change` makes of what is there (null: nothing is), again where somebody else was quicker. Resolves to the version. */
  update<T = unknown>(key: string, change: (value: T | null) => T, options?: CallOptions): Promise<number>;
  /** No such key: nothing happens. With `version` only where the key has it. */
  delete(key: string, options?: CallOptions & { version?: number }): Promise<void>;
}

/** What the room tells it. */
export interface SharedInput {
  handleSnapshot(entries: readonly StateEntry[]): void;
  handleChanged(entry: StateEntry, from: string): void;
  handleDeleted(key: string, from: string): void;
}

export function createShared(
  room: Pick<RoomContext, 'request'>,
  tell: (change: SharedChange) => void,
): { shared: Shared; input: SharedInput } {
  let entries: ReadonlyMap<string, SharedValue> = new Map();

  const put = (key: string, value: SharedValue | null, from: string | null) => {
    const next = new Map(entries);
    if (value) next.set(key, value);
    else next.delete(key);
    entries = next;
    tell({ key, value, from });
  };
  const store = async (key: string, value: unknown, version: number | null, { signal = null }: CallOptions = {}) => {
    if (JSON.stringify(value) === undefined) throw new TypeError('Only what JSON can tell.');
    return (await room.request({ type: 'state_set', key, value, version }, { signal })).version;
  };
  const update: Shared['update'] = async (key, change, options) => {
    let present = entries.get(key) ?? null;
    for (let tries = 1; ; tries += 1) {
      try {
        return await store(key, change((present?.value as never) ?? null), present?.version ?? 0, options);
      } catch (error) {
        if (!(error instanceof RoomError && error.code === 'conflict') || tries === TRIES) throw error;
        present = error.present as SharedValue | null;
      }
    }
  };

  return {
    shared: {
      get entries() {
        return entries;
      },
      get: (key) => (entries.get(key) as never) ?? null,
      set: (key, value, options) => store(key, value, null, options),
      compareAndSet: (key, version, value, options) => store(key, value, version, options),
      update,
      async delete(key, { version, signal = null } = {}) {
        await room.request({ type: 'state_delete', key, version: version ?? null }, { signal });
      },
    },
    input: {
      handleSnapshot(now) {
        const keys = new Set(now.map(({ key }) => key));
        for (const key of [...entries.keys()]) if (!keys.has(key)) put(key, null, null);
        for (const { key, value, version } of now) {
          // A room that began anew counts from 1 again.
          const before = entries.get(key);
          if (before?.version === version && JSON.stringify(before.value) === JSON.stringify(value)) continue;
          put(key, { value, version }, null);
        }
      },
      handleChanged: ({ key, value, version }, from) => put(key, { value, version }, from),
      handleDeleted: (key, from) => put(key, null, from),
    },
  };
}
