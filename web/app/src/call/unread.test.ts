import type { Message } from 'tertulia-client';
import { expect, test, vi } from 'vitest';
import { threadOf, threadsIn } from './threads.ts';
import { countUnread, Reading, readUpTo } from './unread.ts';

const message = (number: number, sender = 'ana', to: string | null = null): Message => ({
  id: `m${number}`,
  sender,
  name: sender,
  text: '',
  to,
  time: 0,
  number,
});

test('only what others wrote after the last message that was read is unread', () => {
  const reading = new Reading([message(1)]);
  const messages = [message(1), message(2), message(3, 'me'), message(4), { ...message(5), deleted: true }];
  expect(countUnread(messages, reading, 'me')).toBe(2);
  reading.markRead(null, 4);
  reading.markRead(null, 2);
  expect(countUnread(messages, reading, 'me')).toBe(0);
  expect(countUnread([], new Reading([]), 'me')).toBe(0);
});

test('when the last message that was read has dropped out, the rest is unread', () => {
  expect(countUnread([message(2), message(3)], new Reading([message(1)]), 'me')).toBe(2);
});

test('each thread is read by itself', () => {
  const messages = [message(1), message(2, 'ben', 'me'), message(3), message(4, 'me', 'cy'), message(5, 'cy', 'me')];
  expect(messages.map((it) => threadOf(it, 'me'))).toEqual([null, 'ben', null, 'cy', 'cy']);
  expect(threadsIn(messages, 'me')).toEqual([null, 'cy', 'ben']);
  const reading = new Reading([]);
  reading.markRead(null, 3);
  expect(countUnread(messages, reading, 'me')).toBe(2);
  expect(readUpTo(messages, reading, 'me'), 'what Ben wrote was not read').toBe(1);
  reading.markRead('ben', 2);
  expect(readUpTo(messages, reading, 'me')).toBe(4);
  reading.markRead('cy', 5);
  expect(readUpTo(messages, reading, 'me')).toBe(5);
});

test('what was said before one came is read, and reading tells its listeners once', () => {
  const reading = new Reading([message(1), message(2)]);
  expect(countUnread([message(1), message(2)], reading, 'me')).toBe(0);
  const listener = vi.fn();
  const stop = reading.subscribe(listener);
  reading.markRead(null, 3);
  reading.markRead(null, 3);
  expect(listener).toHaveBeenCalledOnce();
  stop();
  reading.markRead(null, 4);
  expect(listener).toHaveBeenCalledOnce();
});
