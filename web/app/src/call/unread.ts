import type { Message } from 'tertulia-client';

/** How many messages of others stand after the last one that was read. When that one is no longer kept, all that are kept are new. */
export function countUnread(messages: readonly Message[], lastRead: string | null, own: string): number {
  let unread = 0;
  for (let at = messages.length - 1; at >= 0; at -= 1) {
    const message = messages[at] as Message;
    if (message.id === lastRead) break;
    if (message.sender !== own) unread += 1;
  }
  return unread;
}

/** How far the chat has been read: a small store, so that a message renders only the badge and the panel. */
export class Reading {
  readonly #listeners = new Set<() => void>();
  #last: string | null;

  /** What was said before one came counts as read. */
  constructor(messages: readonly Message[]) {
    this.#last = messages.at(-1)?.id ?? null;
  }

  get last(): string | null {
    return this.#last;
  }

  markRead(messages: readonly Message[]): void {
    const last = messages.at(-1)?.id ?? null;
    if (last === this.#last) return;
    this.#last = last;
    for (const listener of this.#listeners) listener();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };
}
