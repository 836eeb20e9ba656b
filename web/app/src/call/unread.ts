import type { Message } from 'tertulia-client';
import { type Thread, threadOf } from './threads.ts';

/** How far each thread of the chat has been read: a small store, so that a message renders only the badge and the panel. */
export class Reading {
  readonly #listeners = new Set<() => void>();
  readonly #begun: number;
  readonly #read = new Map<Thread, number>();
  #version = 0;

  /** What was said before one came counts as read. */
  constructor(messages: readonly Message[]) {
    this.#begun = messages.at(-1)?.number ?? 0;
  }

  /** Another one after each change. */
  get version(): number {
    return this.#version;
  }

  /** Number of the last message that was read. */
  last(thread: Thread): number {
    return Math.max(this.#begun, this.#read.get(thread) ?? 0);
  }

  markRead(thread: Thread, number: number): void {
    if (number <= this.last(thread)) return;
    this.#read.set(thread, number);
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };
}

const unread = (messages: readonly Message[], reading: Reading, own: string): Message[] =>
  messages.filter(
    (message) => message.sender !== own && !message.deleted && message.number > reading.last(threadOf(message, own)),
  );

/** How many messages of others were not read, in all threads. */
export const countUnread = (messages: readonly Message[], reading: Reading, own: string): number =>
  unread(messages, reading, own).length;

/** The highest number up to which everything was read, in whatever thread. */
export function readUpTo(messages: readonly Message[], reading: Reading, own: string): number {
  const first = unread(messages, reading, own)[0];
  return first ? first.number - 1 : (messages.at(-1)?.number ?? 0);
}
