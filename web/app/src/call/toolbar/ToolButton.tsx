import { Toolbar } from 'radix-ui';
import type { ComponentProps } from 'react';
import { IconButton } from '../../parts/IconButton.tsx';
import { usePrefs } from '../../prefs.ts';
import { keyOf, type ShortcutName } from '../shortcuts.ts';

interface Props extends Omit<ComponentProps<typeof IconButton>, 'shortcut'> {
  /** What of the table of shortcuts does the same. */
  shortcut?: ShortcutName;
}

/** A button of the toolbar: reached by arrow keys, and its key is shown while keys are on. */
export function ToolButton({ shortcut, ...rest }: Props) {
  const key = useKey(shortcut);
  return (
    <Toolbar.Button asChild>
      <IconButton shortcut={key} {...rest} />
    </Toolbar.Button>
  );
}

/** How a shortcut is written; undefined while they are switched off. */
export function useKey(name: ShortcutName | undefined): string | undefined {
  const { shortcuts } = usePrefs();
  return name && shortcuts ? keyOf(name) : undefined;
}
