import { useEffect, useRef } from 'react';
import { isCovered, takesKeys } from './keyboard.ts';
import { ALWAYS, pressed, type ShortcutName } from './shortcuts.ts';

/** What each key does; `talk` is held, and has a listener of its own. */
export type ShortcutActions = Record<Exclude<ShortcutName, 'talk'>, () => void> & { react: (reaction: string) => void };

/** Listens to the keyboard of the whole page. With `enabled` false only to what is no letter. */
export function useShortcuts(enabled: boolean, actions: ShortcutActions): void {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.repeat || event.isComposing) return;
      const found = pressed(event);
      if (!found || (found.is === 'shortcut' && found.name === 'talk')) return;
      const always = found.is === 'shortcut' && ALWAYS.has(found.name);
      if (!always && !enabled) return;
      // F6 leads out of a field, too: that is what it is for.
      const leads = found.is === 'shortcut' && found.name === 'toolbar';
      if (isCovered() || (!leads && takesKeys(event.target))) return;
      event.preventDefault();
      if (found.is === 'reaction') latest.current.react(found.reaction);
      else latest.current[found.name as keyof Omit<ShortcutActions, 'react'>]();
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, [enabled]);
}
