import { useWords } from '../../i18n/index.tsx';
import { Dialog } from '../../parts/Dialog.tsx';
import { Switch } from '../../parts/Switch.tsx';
import { remember, usePrefs } from '../../prefs.ts';
import { keyOf, REACTION_KEYS, SHORTCUTS } from '../shortcuts.ts';
import styles from './Shortcuts.module.css';

interface Props {
  open: boolean;
  onClose: () => void;
}

/** Every key and what it does, from the one table. */
export function Shortcuts({ open, onClose }: Props) {
  const { shortcuts: words } = useWords().panels;
  const { shortcuts } = usePrefs();
  const written = (name: (typeof SHORTCUTS)[number]['name']) =>
    name === 'talk' ? words.hold(words.space) : keyOf(name);
  return (
    <Dialog open={open} onClose={onClose} title={words.title} description={words.hint}>
      <Switch label={words.enabled} checked={shortcuts} onChange={(on) => remember({ shortcuts: on })} />
      <dl className={styles.list}>
        {SHORTCUTS.map(({ name }) => (
          <div key={name} className={styles.row}>
            <dt>{words.names[name]}</dt>
            <dd>
              <kbd className={styles.key}>{written(name)}</kbd>
            </dd>
          </div>
        ))}
        <div className={styles.row}>
          <dt>{words.reactions}</dt>
          <dd>
            <kbd className={styles.key}>{REACTION_KEYS[0]}</kbd>–
            <kbd className={styles.key}>{REACTION_KEYS.at(-1)}</kbd>
          </dd>
        </div>
      </dl>
    </Dialog>
  );
}
