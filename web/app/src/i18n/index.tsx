import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import { en } from './en/index.ts';

/** Every sentence of the app, by area. Another language is another object of this type. */
export type Words = typeof en;
export type Language = 'en' | 'zh';

/** Each in its own language, so that whoever needs it can read it. */
export const LANGUAGES: Record<Language, string> = { en: 'English', zh: '简体中文' };

const load: Record<Language, () => Promise<Words>> = {
  en: async () => en,
  zh: async () => (await import('./zh/index.ts')).zh,
};

/** A language with its words. */
export interface Speech {
  language: Language;
  words: Words;
}

interface SpokenSpeech extends Speech {
  setLanguage: (language: Language) => void;
}

const Context = createContext<SpokenSpeech>({ language: 'en', words: en, setLanguage: () => undefined });

/** The first of the wanted languages (as `navigator.languages` names them) that the app speaks. */
export function pickLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split('-')[0] as Language;
    if (language in LANGUAGES) return language;
  }
  return 'en';
}

/** The language as this person's browser has it: times are written one way in `en-GB` and another in `en-US`. */
export const regional = (language: Language): string =>
  navigator.languages.find((tag) => tag.toLowerCase().split('-')[0] === language) ?? language;

/** Loads a language before the first thing is shown, so that nothing is shown in two. English where it cannot be loaded. */
export async function loadWords(language: Language): Promise<Speech> {
  try {
    return { language, words: await load[language]() };
  } catch {
    return { language: 'en', words: en };
  }
}

interface ProviderProps {
  initial: Speech;
  /** Told when the person has chosen another one. */
  onChange?: (language: Language) => void;
  children: ReactNode;
}

export function LanguageProvider({ initial, onChange, children }: ProviderProps) {
  const [{ language, words }, setLoaded] = useState(initial);
  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : language;
  }, [language]);
  const setLanguage = useCallback(
    (wanted: Language) => {
      void loadWords(wanted).then((loaded) => {
        setLoaded(loaded);
        onChange?.(loaded.language);
      });
    },
    [onChange],
  );
  const speech = useMemo(() => ({ language, words, setLanguage }), [language, words, setLanguage]);
  return <Context.Provider value={speech}>{children}</Context.Provider>;
}

export const useWords = (): Words => useContext(Context).words;
export const useLanguage = (): SpokenSpeech => useContext(Context);
