import { Check, Link } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useWords } from '../../i18n/index.tsx';
import { ToolButton } from './ToolButton.tsx';
import styles from './Toolbar.module.css';

const SHOWN_FOR = 2500;

/** Puts the link to this room where it can be pasted, and says so beside the button. */
export function CopyLink({ onCopy }: { onCopy: () => Promise<boolean> }) {
  const { more, invite } = useWords().panels;
  const [state, setState] = useState<'idle' | 'busy' | 'copied'>('idle');
  useEffect(() => {
    if (state !== 'copied') return;
    const timer = setTimeout(() => setState('idle'), SHOWN_FOR);
    return () => clearTimeout(timer);
  }, [state]);
  const press = async () => {
    setState('busy');
    setState((await onCopy()) ? 'copied' : 'idle');
  };
  return (
    <div className={styles.copy}>
      <ToolButton label={more.copyLink} aria-busy={state === 'busy'} onClick={() => void press()}>
        {state === 'copied' ? <Check /> : <Link />}
        <span className={styles.caption}>{more.copyLink}</span>
      </ToolButton>
      <span role="status" className={styles.copied}>
        {state === 'copied' ? invite.copied : ''}
      </span>
    </div>
  );
}
