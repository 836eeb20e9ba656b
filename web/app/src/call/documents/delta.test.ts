import { expect, test } from 'vitest';
import { type Delta, editBetween, moved } from './delta.ts';

test.each<[string, number, Delta, number]>([
  ['what comes before pushes it on', 5, [{ retain: 2 }, { insert: 'abc' }], 8],
  ['what comes after does not', 5, [{ retain: 6 }, { insert: 'abc' }], 5],
  ['what comes right there comes after it', 5, [{ retain: 5 }, { insert: 'abc' }], 5],
  ['what goes before draws it back', 5, [{ delete: 3 }], 2],
  ['what goes around it leaves it at the gap', 5, [{ retain: 2 }, { delete: 10 }], 2],
  ['what goes after does not matter', 5, [{ retain: 5 }, { delete: 3 }], 5],
  ['several at once', 10, [{ insert: 'ab' }, { retain: 4 }, { delete: 2 }, { retain: 1 }, { insert: 'x' }], 11],
])('a place moves with the text: %s', (_, place, delta, expected) => {
  expect(moved(place, delta)).toBe(expected);
});

const apply = (text: string, edit: ReturnType<typeof editBetween>) =>
  edit ? text.slice(0, edit.at) + edit.added + text.slice(edit.at + edit.removed) : text;

test.each([
  ['', 'a', 1],
  ['aaa', 'aaaa', 2],
  ['hello', 'help', 4],
  ['abc', '', 0],
  ['one two', 'one three two', 10],
  ['😀', '😁', 2],
  ['x😀y', 'x😁y', 3],
  ['😀😀', '😀', 2],
  ['a\nb', 'a\n\nb', 2],
])('an edit is found: %j to %j', (before, after, caret) => {
  const edit = editBetween(before, after, caret);
  expect(apply(before, edit)).toBe(after);
  expect(edit?.added.isWellFormed()).toBe(true);
  expect(before.slice(edit?.at, (edit?.at ?? 0) + (edit?.removed ?? 0)).isWellFormed()).toBe(true);
});

test('the caret tells which of the same letters is new', () => {
  expect(editBetween('aaa', 'aaaa', 1)).toEqual({ at: 0, removed: 0, added: 'a' });
  expect(editBetween('aaa', 'aaaa', 4)).toEqual({ at: 3, removed: 0, added: 'a' });
});

test('where nothing is different there is no edit', () => {
  expect(editBetween('same', 'same', 2)).toBeNull();
});
