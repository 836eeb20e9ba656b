import { beforeEach, expect, test, vi } from 'vitest';

const storage = new Map<string, string>();

beforeEach(() => {
  storage.clear();
  vi.resetModules();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => storage.get(key) ?? null,
    setItem: (key: string, value: string) => void storage.set(key, value),
  });
});

const load = () => import('./prefs.ts');
const kept = () => JSON.parse(storage.get('tertulia') ?? '{}');

test('what is remembered is there on the next visit', async () => {
  (await load()).remember({ name: 'Ana', camera: false });
  vi.resetModules();
  const { prefs } = await load();
  expect(prefs()).toMatchObject({ name: 'Ana', camera: false, microphone: true });
});

test('an override holds for this page only, until the person chooses', async () => {
  const { override, prefs, remember } = await load();
  override({ camera: false, theme: 'dark' });
  remember({ name: 'Ana' });
  expect(prefs()).toMatchObject({ name: 'Ana', camera: false, theme: 'dark' });
  expect(kept()).toMatchObject({ camera: true, theme: null });
  remember({ camera: true });
  expect(prefs()).toMatchObject({ camera: true, theme: 'dark' });
});

test('five rooms are remembered, the latest first and each once', async () => {
  const { forgetRoom, prefs, rememberRoom } = await load();
  for (const room of ['a', 'b', 'c', 'd', 'e', 'f', 'd']) rememberRoom(room);
  expect(prefs().recent).toEqual(['d', 'f', 'e', 'c', 'b']);
  forgetRoom('f');
  expect(prefs().recent).toEqual(['d', 'e', 'c', 'b']);
});

test.each(['{', 'null', '7'])('a storage that holds %s is as good as empty', async (text) => {
  storage.set('tertulia', text);
  expect((await load()).prefs()).toMatchObject({ name: '', camera: true });
});

test('the same object until something is remembered', async () => {
  const { prefs, remember } = await load();
  const before = prefs();
  expect(prefs()).toBe(before);
  remember({ name: 'Ana' });
  expect(prefs()).not.toBe(before);
});
