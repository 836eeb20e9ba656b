import { useSyncExternalStore } from 'react';
import type { Layout } from './call/view.ts';
import type { Language } from './i18n/index.tsx';

/** What is remembered from visit to visit, on this device only. */
export interface Prefs {
  name: string;
  /** Whether each was on when last used. */
  camera: boolean;
  microphone: boolean;
  /** Ids of devices; null: the browser's choice. */
  cameraId: string | null;
  microphoneId: string | null;
  speakerId: string | null;
  /** Null: as the system says. */
  theme: 'light' | 'dark' | null;
  /** Null: as the browser says. */
  language: Language | null;
  layout: Layout;
  hideSelf: boolean;
  /** Single-key shortcuts (WCAG 2.1.4 wants a way to turn them off). */
  shortcuts: boolean;
}

const DEFAULTS: Prefs = {
  name: '',
  camera: true,
  microphone: true,
  cameraId: null,
  microphoneId: null,
  speakerId: null,
  theme: null,
  language: null,
  layout: 'auto',
  hideSelf: false,
  shortcuts: true,
};

const KEY = 'tertulia';
const listeners = new Set<() => void>();
let current = read();

function read(): Prefs {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? '{}') };
  } catch {
    return DEFAULTS;
  }
}

/** Immutable, and the same object until something is remembered. */
export const prefs = (): Prefs => current;

export function remember(part: Partial<Prefs>): void {
  current = { ...current, ...part };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // Storage may be switched off; then nothing outlives this page, and nothing else is lost.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const usePrefs = (): Prefs => useSyncExternalStore(subscribe, prefs);
