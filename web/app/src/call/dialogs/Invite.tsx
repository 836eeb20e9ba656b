import { Check, Copy, Share2 } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Room } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { Button } from '../../parts/Button.tsx';
import { Dialog } from '../../parts/Dialog.tsx';
import { TextField } from '../../parts/TextField.tsx';
import { useToasts } from '../../parts/Toasts.tsx';
import { copy, type Guest, linkFor } from '../links.ts';
import { NARROW, useMedia } from '../useMedia.ts';
import { useRoomValue } from '../useRoomValue.ts';
import styles from './Invite.module.css';

interface Props {
  open: boolean;
  room: Room;
  onClose: () => void;
}

/** The links that let others in, to copy or to send. */
export function Invite({ open, room, onClose }: Props) {
  const { invite } = useWords().panels;
  const waitingRoom = useRoomValue(room, ({ info }) => info?.waitingRoom ?? false);
  return (
    <Dialog open={open} onClose={onClose} title={invite.title}>
      {open && (
        <>
          <LinkField room={room} guest="speaker" label={invite.speakers} hint={invite.speakersHint} />
          <LinkField room={room} guest="viewer" label={invite.viewers} hint={invite.viewersHint} />
        </>
      )}
      {waitingRoom && <p className={styles.hint}>{invite.waitingRoom}</p>}
    </Dialog>
  );
}

type LinkState = { is: 'preparing' } | { is: 'ready'; link: string } | { is: 'failed' };
const SHOWN_FOR = 2500;

function LinkField({ room, guest, label, hint }: { room: Room; guest: Guest; label: string; hint: string }) {
  const { invite } = useWords().panels;
  const show = useToasts();
  const narrow = useMedia(NARROW);
  const [state, setState] = useState<LinkState>({ is: 'preparing' });
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    let over = false;
    linkFor(room, guest).then(
      (link) => over || setState({ is: 'ready', link }),
      () => over || setState({ is: 'failed' }),
    );
    return () => {
      over = true;
    };
  }, [room, guest]);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_FOR);
    return () => clearTimeout(timer);
  }, [copied]);

  const link = state.is === 'ready' ? state.link : null;
  const press = async (text: string) => {
    if (await copy(text)) setCopied(true);
    else show({ text: invite.copyFailed });
  };
  const sends = narrow && typeof navigator.share === 'function';
  return (
    <div className={styles.link}>
      <TextField
        label={label}
        value={link ?? (state.is === 'failed' ? '' : invite.preparing)}
        problem={state.is === 'failed' ? invite.failed : null}
        readOnly
        onFocus={(event) => event.target.select()}
        onChange={() => undefined}
        after={
          <Button look="plain" disabled={!link} onClick={() => link && void press(link)}>
            {copied ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
            <span role="status">{copied ? invite.copied : invite.copy}</span>
          </Button>
        }
      />
      <p className={styles.hint}>
        {hint}
        {link?.includes('#t=') && ` ${invite.validFor}`}
      </p>
      {sends && link && (
        // Closing the phone's own sheet is no error.
        <Button wide onClick={() => void navigator.share({ url: link }).catch(() => undefined)}>
          <Share2 aria-hidden="true" />
          {invite.send}
        </Button>
      )}
    </div>
  );
}
