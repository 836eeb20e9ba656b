import { ScreenShare } from 'lucide-react';
import type { Room } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { Button } from '../../parts/Button.tsx';
import styles from './OwnShare.module.css';

/** In place of one's own screen, which would show itself in itself without end. */
export function OwnShare({ room }: { room: Room }) {
  const { stage: words } = useWords();
  return (
    <div className={styles.share}>
      <ScreenShare aria-hidden="true" className={styles.icon} />
      <p className={styles.words}>{words.sharing}</p>
      <Button onClick={() => void stopSharing(room)}>{words.stopSharing}</Button>
    </div>
  );
}

async function stopSharing(room: Room): Promise<void> {
  const shared = [room.local.publication('screen'), room.local.publication('screen_audio')];
  for (const publication of shared) publication?.track.stop();
  await Promise.allSettled(shared.map((publication) => publication?.unpublish()));
}
