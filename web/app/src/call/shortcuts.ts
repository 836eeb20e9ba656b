import { REACTIONS } from './reactions.ts';

/** What a key does in the call. The dialog, the tooltips and the listener all read this table; there is no second list. */
export const SHORTCUTS = [
  { name: 'microphone', key: 'm' },
  { name: 'talk', key: ' ' },
  { name: 'camera', key: 'v' },
  { name: 'share', key: 's' },
  { name: 'hand', key: 'h' },
  { name: 'chat', key: 'c' },
  { name: 'people', key: 'p' },
  { name: 'layout', key: 'l' },
  { name: 'fullScreen', key: 'f' },
  { name: 'toolbar', key: 'F6' },
  { name: 'help', key: '?' },
  { name: 'close', key: 'Escape' },
] as const;

export type ShortcutName = (typeof SHORTCUTS)[number]['name'];

/** The number keys send a reaction each. */
export const REACTION_KEYS: readonly string[] = REACTIONS.map((_, index) => String(index + 1));

/** What is written on the key, for `aria-keyshortcuts` and for people. */
export function keyOf(name: ShortcutName): string {
  const { key } = SHORTCUTS.find((shortcut) => shortcut.name === name) as (typeof SHORTCUTS)[number];
  return key.length === 1 ? key.toUpperCase() : key;
}

export type Pressed = { is: 'shortcut'; name: ShortcutName } | { is: 'reaction'; reaction: string };

type Key = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey'>;

/** What was pressed, or null. A letter means the key that carries it, also where the keyboard writes another script. */
export function pressed(event: Key): Pressed | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const reaction = REACTIONS[REACTION_KEYS.indexOf(event.key)];
  if (reaction) return { is: 'reaction', reaction };
  const letter = /^[ -~]$/.test(event.key)
    ? event.key.toLowerCase()
    : /^Key([A-Z])$/.exec(event.code)?.[1]?.toLowerCase();
  const found = SHORTCUTS.find(({ key }) => key === (letter ?? event.key));
  return found ? { is: 'shortcut', name: found.name } : null;
}

/** Keys that everybody knows from everywhere, and that no letter of a sentence can be taken for: they work also when shortcuts are off. */
export const ALWAYS: ReadonlySet<ShortcutName> = new Set(['toolbar', 'close']);
