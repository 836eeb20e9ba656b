import { ClockedTimeouts } from '../common/clock.js';
import type { Deferred } from '../common/deferred.js';
import { deferred } from '../common/deferred.js';
import { abortable, RoomError } from '../common/room-error.js';
import type { Presence as PersonalPresence } from '../wire/generated.js';
import type { CallOptions, RoomContext } from './context.js';

/** Milliseconds between two of one's own: the server shows the others no more than that. */
const EVERY = 50;

/**
 * A small state of each person in the room, such as a cursor or a mood; the event `presencechange` tells of changes. It is gone with its
 * person, and said again by itself where one has to join anew.
 */
export interface Presence {
  /** By id, oneself included; who has said nothing is not in it. They come from other people's pages and are not checked. */
  readonly all: ReadonlyMap<string, unknown>;
  /** Of one person; null: none. */
  get<T = unknown>(participant: string): T | null;
  /**
   * One's own, in place of the one before: JSON of at most 4 KiB; null: none any more. May be called at any rate: the others are shown the
   * newest, 20 times a second. Resolves when the server has it, or something newer. Rejects with RoomError: `not_allowed` (without the right
   * `data`), `too_large`, `closed`.
   */
  set(state: unknown, options?: CallOptions): Promise<void>;
}

/** What the room tells it. */
export interface PresenceInput {
  handleSnapshot(all: readonly PersonalPresence[], again: boolean): void;
  handleChanged(participant: string, state: unknown): void;
  handleLeft(participant: string): void;
  handleClosed(): void;
}

export function createPresence(
  room: Pick<RoomContext, 'request' | 'clock'>,
  self: () => string,
  tell: (participant: string, state: unknown) => void,
): { presence: Presence; input: PresenceInput } {
  const all = new Map<string, unknown>();
  const timers = new ClockedTimeouts(room.clock);
  let own: unknown = null;
  let next: Deferred<void> | null = null;
  let closed = false;

  const put = (participant: string, state: unknown) => {
    if (state === null) all.delete(participant);
    else all.set(participant, state);
    tell(participant, state);
  };
  const go = () => {
    const sent = next;
    if (!sent || timers.has('pace')) return;
    next = null;
    timers.set('pace', EVERY, go);
    room.request({ type: 'presence_set', state: own }).then(() => sent.resolve(), sent.reject);
  };
  const say = (): Promise<void> => {
    next ??= deferred<void>();
    const { promise } = next;
    go();
    return promise;
  };

  return {
    presence: {
      all,
      get: (participant) => (all.get(participant) as never) ?? null,
      async set(state, { signal = null } = {}) {
        if (JSON.stringify(state) === undefined) throw new TypeError('Only what JSON can tell.');
        if (closed) throw new RoomError('closed', 'Not in the room.');
        own = state;
        put(self(), state);
        const said = say();
        said.catch(() => {
          if (own !== state || closed) return;
          own = null;
          put(self(), null);
        });
        await abortable(said, signal);
      },
    },
    input: {
      handleSnapshot(now, again) {
        const here = new Map(now.map(({ participant, state }) => [participant, state]));
        if (again && own !== null) {
          here.set(self(), own);
          say().catch(() => undefined);
        }
        for (const participant of [...all.keys()]) if (!here.has(participant)) put(participant, null);
        for (const [participant, state] of here) put(participant, state);
      },
      handleChanged: put,
      handleLeft(participant) {
        if (all.has(participant)) put(participant, null);
      },
      handleClosed() {
        closed = true;
        timers.clearAll();
        next?.reject(new RoomError('closed', 'The room was left.'));
        next = null;
        all.clear();
      },
    },
  };
}
