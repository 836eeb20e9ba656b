import { RoomError } from 'tertulia-client/viewer';
import { expect, it } from 'vitest';
import { messageOf } from './message.ts';
import { pickLanguage, wordsOf } from './words.ts';

const en = await wordsOf('en');
const zh = await wordsOf('zh');
const error = (code: 'denied' | 'internal' | 'unreachable' | 'room_ended') =>
  new RoomError(code, 'as the server says it');

it('is silent while the stream runs', () => {
  expect(messageOf({ state: 'live', error: null }, en)).toBeNull();
});

it('says what the person can do something about, and never the words of a machine', () => {
  expect(messageOf({ state: 'error', error: error('denied') }, en)?.text).toBe('A moderator did not let you in.');
  expect(messageOf({ state: 'error', error: error('internal') }, en)?.text).toBe('The stream cannot be shown.');
  expect(messageOf({ state: 'ended', error: error('room_ended') }, en)).toEqual({
    text: 'The stream has ended.',
    final: true,
  });
});

it('tells a first attempt from a connection that is missing', () => {
  expect(messageOf({ state: 'connecting', error: null }, en)).toEqual({ text: 'Connecting…', final: false });
  expect(messageOf({ state: 'connecting', error: error('unreachable') }, en)?.text).toContain('Trying again');
});

it('speaks the first language that it knows', () => {
  expect(pickLanguage(['fr-CH', 'zh-TW', 'en'])).toBe('zh');
  expect(pickLanguage(['fr'])).toBe('en');
  expect([en.viewers(1), en.viewers(2), zh.viewers(2)]).toEqual(['1 viewer', '2 viewers', '2 人观看']);
});

it('has the same words in every language', () => {
  const keys = (words: object): string[] =>
    Object.entries(words).flatMap(([key, value]) =>
      typeof value === 'object' ? keys(value).map((rest) => `${key}.${rest}`) : [key],
    );
  expect(keys(zh)).toEqual(keys(en));
});
