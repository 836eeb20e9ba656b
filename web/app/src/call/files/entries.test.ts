import type { Message, SharedFile } from 'tertulia-client';
import { expect, test } from 'vitest';
import { interleave, isFile } from './entries.ts';

const message = (number: number) => ({ id: `m${number}`, number, text: '' }) as Message;
const file = (number: number) => ({ id: `f${number}`, number, sha256: '' }) as SharedFile;

test('files stand between the messages, in the order in which all of it came', () => {
  const all = interleave([message(2), message(4), message(5)], [file(1), file(3), file(6), file(7)]);
  expect(all.map(({ id }) => id)).toEqual(['f1', 'm2', 'f3', 'm4', 'm5', 'f6', 'f7']);
  expect(all.filter(isFile)).toHaveLength(4);
});

test('without messages there are only files, and the other way round', () => {
  expect(interleave([], [file(1)]).map(({ id }) => id)).toEqual(['f1']);
  const messages = [message(1)];
  expect(interleave(messages, [])).toBe(messages);
});
