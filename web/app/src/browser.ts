/** Whose settings to describe. */
export type Browser = 'chrome' | 'edge' | 'firefox' | 'safari' | 'other';

/** By its own words: what differs is only where a browser keeps its settings, and no feature tells that. */
export function browserOf(userAgent: string): Browser {
  if (/\bEdg(e|A|iOS)?\//.test(userAgent)) return 'edge';
  if (/\b(Firefox|FxiOS)\//.test(userAgent)) return 'firefox';
  if (/\b(OPR|SamsungBrowser|Vivaldi)\//.test(userAgent)) return 'other';
  if (/(Chrome|Chromium|CriOS)\//.test(userAgent)) return 'chrome';
  if (/\bSafari\//.test(userAgent)) return 'safari';
  return 'other';
}
