import { expect, test } from 'vitest';
import { doctor as enDoctor } from './en/doctor.ts';
import { en as enWords } from './en/index.ts';
import { LANGUAGES, type Language, loadWords, pickLanguage } from './index.tsx';
import { doctor as zhDoctor } from './zh/doctor.ts';

/** What is the same in every language: names and signs. By path. */
const SAME = new Set(['common.appName']);

/** With those that are loaded later. */
const later = { en: enDoctor, zh: zhDoctor } satisfies Record<Language, unknown>;
const en = { ...enWords, doctor: enDoctor };
const wordsOf = async (language: Language) => ({ ...(await loadWords(language)).words, doctor: later[language] });

const others = Object.keys(LANGUAGES).filter((language) => language !== 'en') as Language[];

/** Every leaf by its path, as `pages.ended.rejoin`. */
function leaves(value: unknown, path = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path ? `${path}.${key}` : key));
}

const letters = (text: unknown) => typeof text === 'string' && /\p{L}/u.test(text);

test.each(others)('%s has the same sentences as English, with the same arguments', async (language) => {
  const words = await wordsOf(language);
  const shape = (of: unknown) =>
    leaves(of).map(
      ([path, leaf]) => `${path}: ${typeof leaf === 'function' ? `function of ${leaf.length}` : typeof leaf}`,
    );
  // Some lists may differ in length: an instruction can take more or fewer steps.
  const withoutSteps = (lines: string[]) => new Set(lines.map((line) => line.replace(/(\.steps\.\w+)\.\d+/, '$1')));
  expect(withoutSteps(shape(words))).toEqual(withoutSteps(shape(en)));
});

test.each(['en', ...others] as Language[])('no sentence of %s is empty', async (language) => {
  const words = await wordsOf(language);
  const empty = leaves(words).filter(([, leaf]) => typeof leaf === 'string' && leaf.trim() === '');
  expect(empty).toEqual([]);
});

test.each(others)('nothing of %s was left in English', async (language) => {
  const words = await wordsOf(language);
  const english = new Map(leaves(en));
  const untranslated = leaves(words)
    .filter(([path, leaf]) => letters(leaf) && leaf === english.get(path) && !SAME.has(path))
    .map(([path, leaf]) => `${path}: ${leaf}`);
  expect(untranslated).toEqual([]);
});

test('the first language that somebody wants and the app speaks', () => {
  expect(pickLanguage(['fr-FR', 'zh-Hans-CN', 'en'])).toBe('zh');
  expect(pickLanguage(['EN-gb', 'zh'])).toBe('en');
  expect(pickLanguage(['fr'])).toBe('en');
  expect(pickLanguage([])).toBe('en');
});
