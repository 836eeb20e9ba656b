import { MicOff } from 'lucide-react';
import type { Room } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { Button } from '../../parts/Button.tsx';
import { Switch } from '../../parts/Switch.tsx';
import { useToasts } from '../../parts/Toasts.tsx';
import { useRequest } from '../useRequest.ts';
import { useRoomValue } from '../useRoomValue.ts';
import styles from './People.module.css';

/** What a moderator does to the room as a whole. */
export function Moderation({ room }: { room: Room }) {
  const { people } = useWords().panels;
  const show = useToasts();
  const { busy, request } = useRequest();
  const locked = useRoomValue(room, ({ info }) => info?.locked ?? false);
  const waitingRoom = useRoomValue(room, ({ info }) => info?.waitingRoom ?? false);
  const muteEveryone = async () => {
    const heard = [...room.participants.values()]
      .map((participant) => participant.publication('microphone'))
      .filter((publication) => publication?.muted === false);
    if (await request(() => Promise.all(heard.map((publication) => publication?.mute()))))
      show({ text: people.mutedEveryone(heard.length) });
  };
  return (
    <section className={styles.moderation} aria-label={people.moderation}>
      <Switch
        label={people.locked}
        hint={people.lockedHint}
        checked={locked}
        disabled={busy}
        onChange={(wanted) => void request(() => room.lock(wanted))}
      />
      <Switch
        label={people.waitingRoom}
        hint={people.waitingRoomHint}
        checked={waitingRoom}
        disabled={busy}
        onChange={(wanted) => void request(() => room.setWaitingRoom(wanted))}
      />
      <Button look="plain" wide disabled={busy} onClick={() => void muteEveryone()}>
        <MicOff aria-hidden="true" />
        {people.muteEveryone}
      </Button>
    </section>
  );
}
