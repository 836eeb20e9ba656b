import { AsyncQueue } from '../common/async-queue.js';
import type { ChatMessage } from '../wire/generated.js';
import type { CallOptions, RoomContext } from './context.js';
import type { Message } from './room-events.js';

const KEPT = 500;

/**
 * The room's chat. Called, it gives the messages as an async iterator: the last ones before this page came and those that it has seen, then
 * each new one, until `signal` is aborted or the room is closed (both end the loop without an error). Who reads too slowly misses the oldest.
 */
export interface Chat {
  (options?: CallOptions): AsyncIterableIterator<Message>;
  /** To everyone, or `to` one person. It comes back as a message, so that all have one order. Rejects with RoomError. */
  send(text: string, options?: CallOptions & { to?: string | null }): Promise<void>;
  /** The last 500, oldest first. The array is replaced, not changed. */
  readonly messages: readonly Message[];
}

/** What the room tells its chat. */
export interface ChatInput {
  handleMessage(message: ChatMessage): void;
  /** The last messages of the room, after joining. Returns those that were not known yet. */
  handleHistory(history: readonly ChatMessage[]): readonly ChatMessage[];
  handleClosed(): void;
}

export function createChat(room: Pick<RoomContext, 'request' | 'changed'>): { chat: Chat; input: ChatInput } {
  let messages: readonly Message[] = [];
  let closed = false;
  const readers = new Set<AsyncQueue<Message>>();

  const iterate = ({ signal = null }: CallOptions = {}): AsyncIterableIterator<Message> => {
    const queue = new AsyncQueue<Message>({ limit: KEPT, signal, ended: (ended) => readers.delete(ended) });
    for (const message of messages) queue.push(message);
    if (closed) queue.end();
    else if (!signal?.aborted) readers.add(queue);
    return queue;
  };
  const add = (more: readonly Message[]) => {
    messages = [...messages, ...more].slice(-KEPT);
    room.changed();
    for (const message of more) for (const reader of readers) reader.push(message);
  };

  const send: Chat['send'] = async (text, { to = null, ...options } = {}) => {
    await room.request({ type: 'chat', text, to }, options);
  };
  const chat = Object.defineProperty(Object.assign(iterate, { send }), 'messages', {
    get: () => messages,
  }) as unknown as Chat;
  return {
    chat,
    input: {
      handleMessage: (message) => add([message]),
      handleHistory(history) {
        const known = new Set(messages.map(({ id }) => id));
        const missed = history.filter(({ id }) => !known.has(id));
        if (missed.length > 0) add(missed);
        return missed;
      },
      handleClosed() {
        closed = true;
        for (const reader of [...readers]) reader.end();
      },
    },
  };
}
