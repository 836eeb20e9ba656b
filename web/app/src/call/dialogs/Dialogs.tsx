import type { Participant, Room } from 'tertulia-client';
import { CheckupDialog } from '../../doctor/CheckupDialog.tsx';
import type { OwnDevices } from '../media/own.ts';
import { Statistics } from '../stage/Statistics.tsx';
import { EndCall } from './EndCall.tsx';
import { Invite } from './Invite.tsx';
import type { DialogName } from './names.ts';
import { Remove } from './Remove.tsx';
import { Settings } from './Settings.tsx';
import { Shortcuts } from './Shortcuts.tsx';

export type OpenDialog = { is: DialogName } | { is: 'remove'; participant: Participant };

interface Props {
  room: Room;
  /** By which one came in. */
  token: string | null;
  devices: OwnDevices;
  open: OpenDialog | null;
  onClose: () => void;
}

/** The dialogs of the call, of which one at most is open. */
export function Dialogs({ room, token, devices, open, onClose }: Props) {
  return (
    <>
      <Settings open={open?.is === 'settings'} onClose={onClose} devices={devices} />
      <Shortcuts open={open?.is === 'shortcuts'} onClose={onClose} />
      <Invite open={open?.is === 'invite'} room={room} onClose={onClose} />
      <EndCall open={open?.is === 'end'} room={room} onClose={onClose} />
      <Remove participant={open?.is === 'remove' ? open.participant : null} onClose={onClose} />
      {open?.is === 'statistics' && <Statistics room={room} onClose={onClose} />}
      {open?.is === 'doctor' && <CheckupDialog room={room.name} token={token} call={room} onClose={onClose} />}
    </>
  );
}
