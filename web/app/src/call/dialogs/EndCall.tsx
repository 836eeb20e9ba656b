import type { Room } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { Button } from '../../parts/Button.tsx';
import { Dialog } from '../../parts/Dialog.tsx';
import { useRequest } from '../useRequest.ts';

interface Props {
  open: boolean;
  room: Room;
  onClose: () => void;
}

/** Asks before the call ends for everybody. */
export function EndCall({ open, room, onClose }: Props) {
  const { common, panels } = useWords();
  const { busy, request } = useRequest();
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={panels.leave.title}
      description={panels.leave.hint}
      footer={
        <>
          <Button look="plain" autoFocus onClick={onClose}>
            {common.cancel}
          </Button>
          <Button look="danger" disabled={busy} onClick={() => void request(() => room.end())}>
            {panels.leave.confirm}
          </Button>
        </>
      }
    />
  );
}
