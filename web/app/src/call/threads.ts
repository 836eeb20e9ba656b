import type { Message } from 'tertulia-client';

/** What is said to everybody (null), or between oneself and one person (that one's id). */
export type Thread = string | null;

export const threadOf = ({ sender, to }: Pick<Message, 'sender' | 'to'>, own: string): Thread =>
  to === null ? null : sender === own ? to : sender;

/** Everybody first, then people, who wrote last is first. */
export function threadsIn(messages: readonly Message[], own: string): Thread[] {
  const threads = new Set<Thread>([null]);
  for (const message of messages.toReversed()) threads.add(threadOf(message, own));
  return [...threads];
}
