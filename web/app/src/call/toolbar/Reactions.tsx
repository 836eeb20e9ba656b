import { Toolbar } from 'radix-ui';
import { useWords } from '../../i18n/index.tsx';
import { Tooltip } from '../../parts/Tooltip.tsx';
import { usePrefs } from '../../prefs.ts';
import { REACTIONS } from '../reactions.ts';
import { REACTION_KEYS } from '../shortcuts.ts';
import styles from './Reactions.module.css';

/** The reactions in a row. Several may be sent one after the other, so nothing closes by itself. */
export function ReactionRow({ onReact }: { onReact: (reaction: string) => void }) {
  const { reactions, toolbar } = useWords().panels;
  const { shortcuts } = usePrefs();
  return (
    <Toolbar.Root className={styles.row} aria-label={toolbar.react}>
      {REACTIONS.map((reaction, index) => {
        const key = shortcuts ? REACTION_KEYS[index] : undefined;
        return (
          <Tooltip key={reaction} label={reactions[reaction]} shortcut={key}>
            <Toolbar.Button
              className={styles.reaction}
              aria-label={reactions[reaction]}
              aria-keyshortcuts={key}
              onClick={() => onReact(reaction)}
            >
              {reaction}
            </Toolbar.Button>
          </Tooltip>
        );
      })}
    </Toolbar.Root>
  );
}
