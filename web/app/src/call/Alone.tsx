import { UserPlus } from 'lucide-react';
import type { Room } from 'tertulia-client';
import { useWords } from '../i18n/index.tsx';
import { Button } from '../parts/Button.tsx';
import styles from './Alone.module.css';
import { useRoomValue } from './useRoomValue.ts';

/** What to do while nobody else is here. */
export function Alone({ room, onInvite }: { room: Room; onInvite: () => void }) {
  const { alone, more } = useWords().panels;
  const isAlone = useRoomValue(room, ({ participants }) => participants.length === 0);
  if (!isAlone) return null;
  return (
    <div className={styles.alone}>
      <p role="status">
        <strong>{alone.title}</strong> {alone.hint}
      </p>
      <Button look="plain" onClick={onInvite}>
        <UserPlus aria-hidden="true" />
        {more.invite}
      </Button>
    </div>
  );
}
