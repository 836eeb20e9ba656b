import type { ChatMessage } from '../wire/generated.js';
import type { CallOptions, RoomContext } from './context.js';
import type { Message } from './room-events.js';

const KEPT = 500;

/**
 * The room's chat. Called, it gives the messages as an async iterator: those that this page has seen, then each new one, until `signal` is
 * aborted or the room is closed (both end the loop without an error).
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
  handleClosed(): void;
}

export function createChat(room: Pick<RoomContext, 'request' | 'changed'>): { chat: Chat; input: ChatInput } {
  let messages: readonly Message[] = [];
  let closed = false;
  let total = 0;
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const go of waiting) go();
    waiting.clear();
  };

  async function* iterate({ signal }: CallOptions = {}): AsyncIterableIterator<Message> {
    let at = total - messages.length;
    while (!signal?.aborted) {
      // Who reads too slowly misses what has dropped out of the last 500.
      at = Math.max(at, total - messages.length);
      const message = messages[at - (total - messages.length)];
      if (message) {
        at += 1;
        yield message;
      } else if (closed) return;
      else {
        await new Promise<void>((resolve) => {
          waiting.add(resolve);
          signal?.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    }
  }

  const send: Chat['send'] = async (text, { to = null, ...options } = {}) => {
    await room.request({ type: 'chat', text, to }, options);
  };
  const chat = Object.defineProperty(Object.assign(iterate, { send }), 'messages', {
    get: () => messages,
  }) as unknown as Chat;
  return {
    chat,
    input: {
      handleMessage(message) {
        messages = [...messages.slice(1 - KEPT), message];
        total += 1;
        room.changed();
        wake();
      },
      handleClosed() {
        closed = true;
        wake();
      },
    },
  };
}
