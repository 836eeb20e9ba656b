import { expect, test } from 'vitest';
import { en } from '../i18n/en/index.ts';
import { REACTIONS } from './reactions.ts';
import { keyOf, pressed, SHORTCUTS } from './shortcuts.ts';

const key = (key: string, more = {}) => ({ key, code: '', ctrlKey: false, metaKey: false, altKey: false, ...more });

test('no key does two things, and each has words', () => {
  const keys = SHORTCUTS.map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  for (const { name } of SHORTCUTS) expect(en.panels.shortcuts.names[name]).toBeTruthy();
});

test.each(SHORTCUTS)('$key is $name', ({ name, key: written }) => {
  expect(pressed(key(written))).toEqual({ is: 'shortcut', name });
});

test('capitals count, and so does the key of a letter where another script is written', () => {
  expect(pressed(key('M'))).toEqual({ is: 'shortcut', name: 'microphone' });
  expect(pressed(key('ь', { code: 'KeyM' }))).toEqual({ is: 'shortcut', name: 'microphone' });
  expect(pressed(key('Process', { code: 'KeyM' }))).toEqual({ is: 'shortcut', name: 'microphone' });
});

test('what belongs to the browser or means nothing is left alone', () => {
  for (const modifier of ['ctrlKey', 'metaKey', 'altKey']) expect(pressed(key('c', { [modifier]: true }))).toBeNull();
  for (const other of ['x', '9', '0', 'Enter', 'Tab', 'ArrowLeft', 'Dead']) expect(pressed(key(other))).toBeNull();
});

test('the number keys send the reactions in their order', () => {
  REACTIONS.forEach((reaction, index) => {
    expect(pressed(key(String(index + 1)))).toEqual({ is: 'reaction', reaction });
  });
});

test('a key is written as it stands on the keyboard', () => {
  expect([keyOf('microphone'), keyOf('toolbar'), keyOf('help')]).toEqual(['M', 'F6', '?']);
});
