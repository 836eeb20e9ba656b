import { useState } from 'react';
import type { Participant } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { Button } from '../../parts/Button.tsx';
import { Dialog } from '../../parts/Dialog.tsx';
import { TextField } from '../../parts/TextField.tsx';
import { useRequest } from '../useRequest.ts';

interface Props {
  /** Null: closed. */
  participant: Participant | null;
  onClose: () => void;
}

/** Asks before somebody is taken out of the room. */
export function Remove({ participant, onClose }: Props) {
  const { common, panels } = useWords();
  const { remove } = panels;
  const { busy, request } = useRequest();
  const [reason, setReason] = useState('');
  // The title stays while the dialog closes.
  const [last, setLast] = useState(participant);
  if (participant && participant !== last) {
    setLast(participant);
    setReason('');
  }
  const confirm = async () => {
    if (participant && (await request(() => participant.remove({ reason: reason.trim() })))) onClose();
  };
  return (
    <Dialog
      open={participant !== null}
      onClose={onClose}
      title={remove.title(last?.name ?? '')}
      description={remove.hint}
      footer={
        <>
          <Button look="plain" onClick={onClose}>
            {common.cancel}
          </Button>
          <Button look="danger" disabled={busy} onClick={() => void confirm()}>
            {remove.confirm}
          </Button>
        </>
      }
    >
      <TextField autoFocus label={remove.reason} value={reason} maxLength={200} onChange={setReason} />
    </Dialog>
  );
}
