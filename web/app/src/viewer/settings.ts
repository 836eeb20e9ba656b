import type { Language } from './words.ts';
import { pickLanguage } from './words.ts';

export interface Settings {
  language: Language;
  /** Null: as the system says. */
  theme: 'light' | 'dark' | null;
  /** Whether single keys do something. */
  shortcuts: boolean;
}

/** What the person has chosen in the meeting app, which remembers it under this key; else as the browser says. */
export function settings(): Settings {
  let chosen: { language?: unknown; theme?: unknown; shortcuts?: unknown } = {};
  try {
    chosen = JSON.parse(localStorage.getItem('tertulia') ?? '{}') ?? {};
  } catch {
    // Storage may be switched off.
  }
  const { language, theme, shortcuts } = chosen;
  return {
    language: pickLanguage([...(typeof language === 'string' ? [language] : []), ...navigator.languages]),
    theme: theme === 'light' || theme === 'dark' ? theme : null,
    shortcuts: shortcuts !== false,
  };
}
