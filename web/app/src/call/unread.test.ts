import type { Message } from 'tertulia-client';
import { expect, test, vi } from 'vitest';
import { countUnread, Reading } from './unread.ts';

const message = (id: string, sender = 'ana'): Message => ({ id, sender, name: sender, text: id, to: null, time: 0 });

test('only what others wrote after the last message that was read is unread', () => {
  const messages = [message('1'), message('2'), message('3', 'me'), message('4')];
  expect(countUnread(messages, '1', 'me')).toBe(2);
  expect(countUnread(messages, '4', 'me')).toBe(0);
  expect(countUnread([], null, 'me')).toBe(0);
});

test('when the last message that was read has dropped out, the rest is unread', () => {
  expect(countUnread([message('2'), message('3')], '1', 'me')).toBe(2);
});

test('what was said before one came is read, and reading tells its listeners once', () => {
  const history = [message('1'), message('2')];
  const reading = new Reading(history);
  expect(countUnread(history, reading.last, 'me')).toBe(0);
  const listener = vi.fn();
  const stop = reading.subscribe(listener);
  const more = [...history, message('3')];
  reading.markRead(more);
  reading.markRead(more);
  expect(listener).toHaveBeenCalledOnce();
  stop();
  reading.markRead([...more, message('4')]);
  expect(listener).toHaveBeenCalledOnce();
});
