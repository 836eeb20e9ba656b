import { AsyncQueue } from '../common/async-queue.js';
import { fromBase64 } from '../common/base64.js';
import { RoomError } from '../common/room-error.js';
import type { DataReceived } from '../wire/generated.js';
import type { CallOptions, RoomContext } from './context.js';
import { bodyOf } from './data.js';

const NAME = /^[A-Za-z0-9_.:-][A-Za-z0-9_./:-]{0,63}$|^(?=.{2,64}$)(\/[A-Za-z0-9_.:-]+)*\/([A-Za-z0-9_.:-]+|\*)$/;
/** So many values wait for a reader that does not take them. */
const WAITING = 1000;

/** How one wants to hear the values of a topic of the server. */
export interface SubscribeOptions {
  /** Milliseconds: at most one value of each topic in so long, the newest. 0, the default: each. Where a page says it twice, the last counts. */
  every?: number;
  /** The values that are retained come first. */
  last?: boolean;
}

/** A value on a topic. `data` comes from another person's page, or from the server's own code, and is not checked. */
export interface TopicMessage<T = unknown> {
  /** Which one, where a whole branch was asked for. */
  readonly topic: string;
  /** Id of the participant; `server` for the server's own code. */
  readonly from: string;
  readonly data: T;
}

/**
 * A topic. One with a slash in front (`/quotes/AAPL`) is the server's, and goes through all rooms; with a star at its end (`/quotes/*`) it is
 * all of a branch. Any other name is a topic of this room, as with `Room.data`.
 */
export interface Topic<T = unknown> {
  readonly name: string;
  /**
   * To all who hear it but oneself; `to` one person: on a topic of the server to all sessions of this identity, in whatever rooms. Resolves
   * when the server has it. Rejects with RoomError `not_allowed`, `too_large` (over 16 KiB), `invalid`, `no_such_participant`,
   * `too_many_messages`, `closed`; with TypeError for what JSON cannot tell.
   */
  publish(data: T, options?: CallOptions & { to?: string | null }): Promise<void>;
  /**
   * The values from now on; each iterator gets all of them. Ends without an error when `signal` is aborted or the room is closed; throws
   * RoomError `not_allowed`, `too_many_subscriptions` where the server refuses. What a slow reader or a slow network does not take gives way to
   * newer values of the same topic; of a topic of the room nothing is left out (`overflow` after 1000 that wait).
   */
  messages(options?: CallOptions): AsyncIterableIterator<TopicMessage<T>>;
  /** Calls `listener` with each value, until `signal` is aborted or the room is closed; then it resolves. Rejects as `messages` throws. */
  listen(listener: (message: TopicMessage<T>) => void, options?: CallOptions): Promise<void>;
}

/** What the room tells its topics. */
export interface TopicInput {
  handleMessage(message: DataReceived): void;
  /** Values may have gone while one was away. */
  handleBack(): void;
  handleClosed(): void;
}

type Reader = AsyncQueue<TopicMessage>;

export function createTopics(room: Pick<RoomContext, 'request'>): {
  topic: <T>(name: string, options?: SubscribeOptions) => Topic<T>;
  input: TopicInput;
} {
  const readers = new Map<string, Set<Reader>>();
  const pace = new Map<string, number>();
  let closed = false;

  const subscribe = (topic: string, last: boolean) => {
    const every = Math.min((pace.get(topic) ?? 0) / 1000, 3600);
    return room.request({ type: 'topic_subscribe', topic, every, last });
  };
  const read = (name: string, last: boolean, signal: AbortSignal | null): Reader => {
    const isServers = name.startsWith('/');
    const known = readers.get(name) ?? new Set<Reader>();
    const queue: Reader = new AsyncQueue<TopicMessage>({
      limit: WAITING,
      signal,
      ...(isServers
        ? { outdated: (waiting, { topic }) => waiting.topic === topic }
        : { overflow: () => new RoomError('overflow', `${WAITING} messages about ${name} were not read.`) }),
      ended: (ended) => {
        known.delete(ended);
        if (known.size > 0 || readers.get(name) !== known) return;
        readers.delete(name);
        if (isServers && !closed) room.request({ type: 'topic_unsubscribe', topic: name }).catch(() => undefined);
      },
    });
    if (closed) queue.end();
    else if (!signal?.aborted) {
      readers.set(name, known.add(queue));
      if (isServers) subscribe(name, last).catch((error) => isGone(error) || queue.fail(error));
    }
    return queue;
  };

  return {
    topic: <T>(name: string, { every = 0, last = false }: SubscribeOptions = {}): Topic<T> => {
      if (!NAME.test(name)) throw new TypeError(`${name} is no name of a topic.`);
      const messages: Topic<T>['messages'] = ({ signal = null } = {}) => {
        pace.set(name, every);
        return read(name, last, signal) as AsyncQueue<TopicMessage<T>>;
      };
      return {
        name,
        async publish(data, { to = null, signal = null } = {}) {
          await room.request(bodyOf(name, data, to, false), { signal });
        },
        messages,
        async listen(listener, options) {
          for await (const message of messages(options)) listener(message);
        },
      };
    },
    input: {
      handleMessage({ from, topic, data, encoding }) {
        let message: TopicMessage | null = null;
        for (const [pattern, all] of readers) {
          if (pattern !== topic && !(pattern.endsWith('/*') && topic.startsWith(pattern.slice(0, -1)))) continue;
          message ??= { topic, from, data: encoding === 'base64' ? fromBase64(String(data)) : data };
          for (const reader of [...all]) reader.push(message);
        }
      },
      handleBack() {
        for (const [name, all] of readers) {
          if (!name.startsWith('/')) continue;
          subscribe(name, true).catch((error) => {
            if (!isGone(error)) for (const reader of [...all]) reader.fail(error);
          });
        }
      },
      handleClosed() {
        closed = true;
        for (const all of [...readers.values()]) for (const reader of [...all]) reader.end();
      },
    },
  };
}

/** The next session, or the end of the room, says the rest. */
const isGone = (error: unknown): boolean =>
  error instanceof RoomError && (error.code === 'session_gone' || error.code === 'closed');
