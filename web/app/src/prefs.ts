import { useSyncExternalStore } from 'react';
import type { Layout } from './call/view.ts';
import type { Language } from './i18n/index.tsx';

export type Theme = 'light' | 'dark';

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
  /** The person has let this page use a device before, so it may ask for it by itself. */
  devicesUsed: boolean;
  noiseSuppression: boolean;
  /** Null: as the system says. */
  theme: Theme | null;
  /** Null: as the browser says. */
  language: Language | null;
  layout: Layout;
  hideSelf: boolean;
  /** Single-key shortcuts (WCAG 2.1.4 wants a way to turn them off). */
  shortcuts: boolean;
  /** Names of the rooms that were joined last, the latest first. */
  recent: readonly string[];
}

const DEFAULTS: Prefs = {
  name: '',
  camera: true,
  microphone: true,
  cameraId: null,
  microphoneId: null,
  speakerId: null,
  devicesUsed: false,
  noiseSuppression: true,
  theme: null,
  language: null,
  layout: 'auto',
  hideSelf: false,
  shortcuts: true,
  recent: [],
};

const KEY = 'tertulia';
const RECENT = 5;
const listeners = new Set<() => void>();
let stored = read();
let overrides: Partial<Prefs> = {};
let current = stored;

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
  stored = { ...stored, ...part };
  for (const key of Object.keys(part)) delete overrides[key as keyof Prefs];
  try {
    localStorage.setItem(KEY, JSON.stringify(stored));
  } catch {
    // Storage may be switched off; then nothing outlives this page, and nothing else is lost.
  }
  changed();
}

/** For this page only, as a link or an embedding page wants it; what the person chooses later counts again. */
export function override(part: Partial<Prefs>): void {
  overrides = { ...overrides, ...part };
  changed();
}

export function rememberRoom(room: string): void {
  remember({ recent: [room, ...stored.recent.filter((other) => other !== room)].slice(0, RECENT) });
}

export function forgetRoom(room: string): void {
  remember({ recent: stored.recent.filter((other) => other !== room) });
}

function changed(): void {
  current = { ...stored, ...overrides };
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const usePrefs = (): Prefs => useSyncExternalStore(subscribe, prefs);
