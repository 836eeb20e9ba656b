import { expect, test } from 'vitest';
import { isEmojiOnly, linkify } from './linkify.ts';

const links = (text: string) => linkify(text).flatMap(({ text: shown, href }) => (href ? [[shown, href]] : []));

test.each([
  ['see https://example.org/a?b=c#d now', [['https://example.org/a?b=c#d', 'https://example.org/a?b=c#d']]],
  ['www.example.org', [['www.example.org', 'https://www.example.org/']]],
  ['write to ana@example.org!', [['ana@example.org', 'mailto:ana@example.org']]],
  ['mailto:ana@example.org', [['mailto:ana@example.org', 'mailto:ana@example.org']]],
  [
    '(https://en.example/wiki/Talk_(art)).',
    [['https://en.example/wiki/Talk_(art)', 'https://en.example/wiki/Talk_(art)']],
  ],
  ['去看 https://example.cn/会议。', [['https://example.cn/会议', 'https://example.cn/%E4%BC%9A%E8%AE%AE']]],
  ['HTTPS://EXAMPLE.ORG', [['HTTPS://EXAMPLE.ORG', 'https://example.org/']]],
  [
    'a http://one.org b http://two.org',
    [
      ['http://one.org', 'http://one.org/'],
      ['http://two.org', 'http://two.org/'],
    ],
  ],
])('%s', (text, expected) => {
  expect(links(text)).toEqual(expected);
});

test.each([
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'file:///etc/passwd',
  'https://',
  'http:// nothing',
  '3.14 and so on... e.g. this',
  'blob:nothing',
])('no link in %s', (text) => {
  expect(links(text)).toEqual([]);
});

test('the pieces joined are the text, whatever it is', () => {
  for (const text of [
    '',
    ' ',
    'x',
    'https://a.b',
    '\u202ehttps://a.b\u202c ok',
    '<script>https://a.b</script>',
    'a\n\nwww.b.c\n',
  ]) {
    expect(
      linkify(text)
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text);
  }
});

test.each([
  'www.'.repeat(2500),
  'a@'.repeat(5000),
  `https://${'('.repeat(5000)}${')'.repeat(4990)}`,
  'a.'.repeat(5000),
  `${'x-'.repeat(4999)}@`,
])('ten thousand hostile characters cost little', (text) => {
  const start = performance.now();
  linkify(text);
  expect(performance.now() - start).toBeLessThan(250);
});

test('a few emoji alone are told from text', () => {
  for (const text of ['👏', '👍🏽 🎉', '👩‍👩‍👧‍👦', '🇨🇳❤️']) expect(isEmojiOnly(text)).toBe(true);
  for (const text of ['', ' ', '1', 'ok 👍', '👏'.repeat(7), 'a']) expect(isEmojiOnly(text)).toBe(false);
});
