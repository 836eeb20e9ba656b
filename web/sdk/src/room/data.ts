import { AsyncQueue } from '../common/async-queue.js';
import { fromBase64, toBase64 } from '../common/base64.js';
import { abortable, RoomError } from '../common/room-error.js';
import type { DataReceived, Data as WireData } from '../wire/generated.js';
import type { CallOptions, RoomContext } from './context.js';
import { LatestSender } from './latest-sender.js';

const NAME = /^(?!\/)[A-Za-z0-9_./:-]{1,64}$/;
/** So many messages wait for a reader that does not take them. */
const WAITING = 1000;

export interface TopicOptions {
  /** Only the newest of each sender matters, as with a pointer: what is older may be left out on the way. Default false: all arrive, in order. */
  latest?: boolean;
}

/** `data` is what was sent: anything that JSON can tell, or bytes. It comes from another person's page and is not checked. */
export interface DataMessage<T = unknown> {
  /** Id of the participant; `server` for what the server's own code sends. */
  readonly from: string;
  readonly data: T;
}

/** The app's own messages about one thing, by the server. Nothing is kept for those who come later. */
export interface DataTopic<T = unknown> {
  readonly name: string;
  /**
   * To all others, or `to` one of them; resolves when the server has it (`latest`: or something newer). Rejects with RoomError
   * `not_allowed` (without the right `data`), `too_large` (over 16 KiB as JSON; bytes take a third more), `invalid` (64 levels deep, or to
   * oneself), `no_such_participant`, `too_many_messages` (hundreds wait already), `closed`; with TypeError for what JSON cannot tell.
   */
  send(data: T, options?: CallOptions & { to?: string | null }): Promise<void>;
  /**
   * What the others send, from the moment of this call; each iterator gets all of it. Ends without an error when `signal` is aborted or the
   * room is closed. Who reads too slowly gets RoomError `overflow` after 1000 messages that wait; with `latest` the newest of each sender.
   */
  messages(options?: CallOptions): AsyncIterableIterator<DataMessage<T>>;
}

type Request = Pick<RoomContext, 'request'>['request'];
type Body = Omit<WireData, 'id'>;

/** All topics of one room. */
export class Topics {
  readonly #request: Request;
  readonly #readers = new Map<string, Set<AsyncQueue<DataMessage>>>();
  #closed = false;

  constructor(request: Request) {
    this.#request = request;
  }

  open<T>(name: string, { latest = false }: TopicOptions = {}): DataTopic<T> {
    if (!NAME.test(name)) throw new TypeError(`${name} is no name of a topic.`);
    const sender = latest ? new LatestSender<Body>((body) => this.#request(body)) : null;
    return {
      name,
      send: async (data, { to = null, signal = null } = {}) => {
        const body = bodyOf(name, data, to, latest);
        await (sender ? abortable(sender.send(to, body), signal) : this.#request(body, { signal }));
      },
      messages: ({ signal = null } = {}) => this.#read(name, latest, signal) as AsyncQueue<DataMessage<T>>,
    };
  }

  handleMessage({ from, topic, data, encoding }: DataReceived): void {
    if (this.#readers.has(topic))
      this.deliver(topic, { from, data: encoding === 'base64' ? fromBase64(String(data)) : data });
  }

  /** However it came. */
  deliver(topic: string, message: DataMessage): void {
    for (const reader of [...(this.#readers.get(topic) ?? [])]) reader.push(message);
  }

  handleClosed(): void {
    this.#closed = true;
    for (const readers of [...this.#readers.values()]) for (const reader of [...readers]) reader.end();
  }

  #read(topic: string, latest: boolean, signal: AbortSignal | null): AsyncQueue<DataMessage> {
    const readers = this.#readers.get(topic) ?? new Set();
    const queue = new AsyncQueue<DataMessage>({
      limit: WAITING,
      signal,
      ...(latest
        ? { outdated: (waiting, { from }) => waiting.from === from }
        : { overflow: () => new RoomError('overflow', `${WAITING} messages about ${topic} were not read.`) }),
      ended: (ended) => {
        readers.delete(ended);
        if (readers.size === 0 && this.#readers.get(topic) === readers) this.#readers.delete(topic);
      },
    });
    if (this.#closed) queue.end();
    else if (!signal?.aborted) this.#readers.set(topic, readers.add(queue));
    return queue;
  }
}

/** The request that sends it. Throws TypeError for what JSON cannot tell. */
export function bodyOf(topic: string, data: unknown, to: string | null, latest: boolean): Body {
  const bytes = data instanceof Uint8Array;
  // `undefined` and functions have no JSON: the message would come without its data.
  if (!bytes && JSON.stringify(data) === undefined) throw new TypeError('Only what JSON can tell, or a Uint8Array.');
  return { type: 'data', topic, data: bytes ? toBase64(data) : data, encoding: bytes ? 'base64' : 'json', to, latest };
}
