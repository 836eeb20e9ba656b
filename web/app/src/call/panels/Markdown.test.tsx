// @vitest-environment happy-dom
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { Markdown } from './Markdown.tsx';

let root: Root;
let place: HTMLElement;

beforeEach(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  place = document.createElement('div');
  document.body.append(place);
  root = createRoot(place);
});

afterEach(async () => {
  await act(async () => root.unmount());
  document.body.replaceChildren();
});

const show = (text: string) => act(async () => root.render(<Markdown text={text} />));
const tags = () => [...place.querySelectorAll('*')].map(({ tagName }) => tagName.toLowerCase());
const links = () => [...place.querySelectorAll('a')].map((link) => [link.textContent, link.getAttribute('href')]);

describe('of markdown', () => {
  test.each([
    ['**bold** and *italic*', ['strong', 'em'], 'bold and italic'],
    ['__bold__ `a *b*`', ['strong', 'code'], 'bold a *b*'],
    ['```\n<b>\n```', ['pre', 'code'], '<b>'],
    ['- one\n- two', ['ul', 'li', 'li'], 'onetwo'],
    ['3. one\n4. two', ['ol', 'li', 'li'], 'onetwo'],
    ['> said\n> before', ['blockquote'], 'said\nbefore'],
    ['one\ntwo', [], 'one\ntwo'],
    ['\\*as it is\\*', [], '*as it is*'],
  ])('%j is understood', async (text, expected, shown) => {
    await show(text);
    expect(tags()).toEqual(expect.arrayContaining(expected));
    expect(place.textContent).toBe(shown);
  });

  test.each([
    ['# no heading', '# no heading'],
    ['no\n===', 'no\n==='],
    ['![no picture](https://example.org/x.png)', '!no picture'],
    ['[a]: https://example.org', '[a]: https://example.org'],
    ['&lt;b&gt;', '&lt;b&gt;'],
    ['-', '-'],
    ['***', '***'],
  ])('%j is text', async (text, shown) => {
    await show(text);
    expect(place.textContent).toBe(shown);
    for (const tag of ['h1', 'img', 'hr', 'b', 'li']) expect(tags()).not.toContain(tag);
  });
});

test('links lead to web addresses and mailboxes, in a page of their own', async () => {
  await show('[here](https://example.org/a) https://example.org/b <mailto:ana@example.org> ana@example.org');
  expect(links().map(([, href]) => href)).toEqual([
    'https://example.org/a',
    'https://example.org/b',
    'mailto:ana@example.org',
    'mailto:ana@example.org',
  ]);
  for (const link of place.querySelectorAll('a')) {
    expect(link.getAttribute('rel')).toContain('noopener');
    expect(link.target).toBe('_blank');
  }
});

test.each([
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x](java\nscript:alert(1))',
  '[x](&#106;avascript:alert(1))',
  '[x](data:text/html,<script>alert(1)</script>)',
  '[x](vbscript:x)',
  '[x](/relative)',
  '[x](//example.org)',
  '<javascript:alert(1)>',
])('%j is no link', async (text) => {
  await show(text);
  expect(links()).toEqual([]);
  expect(place.textContent?.replaceAll('\n', '')).toBe(text.replaceAll('\n', ''));
});

test('a link that shows another address than its own is shown as it was written', async () => {
  for (const shown of ['https://bank.example', 'bank.example', 'see Bank.example now']) {
    await show(`[${shown}](https://evil.example/)`);
    for (const [text, href] of links()) expect(text).toBe(href);
    expect(place.textContent).toBe(`[${shown}](https://evil.example/)`);
  }
  await show('[example.org](https://docs.example.org/)');
  expect(links()).toEqual([['example.org', 'https://docs.example.org/']]);
});

test.each([
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '**<img src=x onerror=alert(1)>**',
  '> <iframe src="javascript:alert(1)">',
  '<!-- comment --> <?php ?> <![CDATA[x]]>',
])('%j stays text', async (text) => {
  await show(text);
  for (const tag of ['script', 'img', 'iframe']) expect(tags()).not.toContain(tag);
  expect(place.textContent).toBe(text.replaceAll('**', '').replace(/^> /, ''));
});

it('turns nothing but itself where it holds marks of direction', async () => {
  await show('**\u202egnp.exe** and `\u2066x`');
  expect(place.querySelector('p')?.dir).toBe('auto');
  expect(place.querySelector('code')?.dir).toBe('ltr');
});

test.each([
  ['quotes', '>'.repeat(10_000)],
  ['quotes in lists', '- > '.repeat(2_500)],
  ['numbers', '1. '.repeat(3_000)],
  ['brackets', '['.repeat(10_000)],
  ['links', '[a]('.repeat(2_500)],
  ['stars', '*a '.repeat(3_000)],
  ['stars and lines', '*a_ '.repeat(2_500)],
  ['ticks', Array.from({ length: 139 }, (_, index) => '`'.repeat(index)).join(' ')],
  ['angles', '<a '.repeat(3_000)],
  ['dashes', '- '.repeat(5_000)],
  ['backslashes', '\\'.repeat(10_000)],
  ['tabs', `${'\t'.repeat(9_999)}*`],
  ['empty lines', '*\n'.repeat(5_000)],
  ['lines of a list', '- a\n'.repeat(2_500)],
  ['lines of a quote', '> a\n'.repeat(2_000)],
])('ten thousand characters of %s are shown at once', async (_, text) => {
  const begun = performance.now();
  await show(text);
  expect(performance.now() - begun).toBeLessThan(1000);
  expect(place.textContent).not.toBe('');
});
