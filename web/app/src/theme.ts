import type { Theme } from './prefs.ts';

const BARS: Record<Theme, string> = { light: '#f6f7f9', dark: '#101317' };

/** Null: as the system says. */
export function applyTheme(theme: Theme | null): void {
  const { dataset } = document.documentElement;
  if (theme) dataset.theme = theme;
  else delete dataset.theme;
  // The bar of a phone's browser; each theme has its own element, chosen by the system's.
  for (const bar of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const own: Theme = bar.media.includes('dark') ? 'dark' : 'light';
    bar.content = BARS[theme ?? own];
  }
}
