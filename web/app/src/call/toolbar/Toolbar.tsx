import { Hand, MessageSquare, NotebookPen, PenTool, ScreenShare, ScreenShareOff, Users } from 'lucide-react';
import { Toolbar as Radix } from 'radix-ui';
import type { Dispatch, RefObject } from 'react';
import type { Room } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import type { DialogName } from '../dialogs/names.ts';
import type { OwnDevices } from '../media/own.ts';
import type { Toggle } from '../stage/useFullScreen.ts';
import type { Reading } from '../unread.ts';
import { NARROW, TIGHT, useMedia } from '../useMedia.ts';
import { useRoomValue } from '../useRoomValue.ts';
import type { Share } from '../useShare.ts';
import type { ShortcutActions } from '../useShortcuts.ts';
import { useUnread } from '../useUnread.ts';
import type { View, ViewAction } from '../view.ts';
import { CopyLink } from './CopyLink.tsx';
import { DeviceButton } from './DeviceButton.tsx';
import { LeaveButton } from './LeaveButton.tsx';
import { MoreMenu } from './MoreMenu.tsx';
import { MoreSheet } from './MoreSheet.tsx';
import { ReactionMenu } from './ReactionMenu.tsx';
import { ToolButton } from './ToolButton.tsx';
import styles from './Toolbar.module.css';

export interface ToolbarProps {
  room: Room;
  devices: OwnDevices;
  share: Share;
  view: View;
  /** The whiteboard is open. */
  board: boolean;
  onBoard: () => void;
  dispatch: Dispatch<ViewAction>;
  reading: Reading;
  /** What the keys do, too. */
  actions: ShortcutActions;
  fullScreen: Toggle;
  pictureInPicture: Toggle;
  onDialog: (name: DialogName) => void;
  /** False: it could not be copied, and that has been shown. */
  onCopyLink: () => Promise<boolean>;
  onLeave: () => void;
}

/** The bar at the bottom. One stop for Tab; arrow keys move inside. */
export function Toolbar({ ref, ...props }: ToolbarProps & { ref?: RefObject<HTMLDivElement | null> }) {
  const { toolbar } = useWords().panels;
  const narrow = useMedia(NARROW);
  return (
    <Radix.Root ref={ref} className={`${styles.bar} ${narrow ? styles.narrow : ''}`} aria-label={toolbar.label} loop>
      {narrow ? <Few {...props} /> : <All {...props} />}
    </Radix.Root>
  );
}

function All(props: ToolbarProps) {
  const { room, share, actions, onCopyLink } = props;
  const tight = useMedia(TIGHT);
  const mayWrite = useRoomValue(room, ({ rights }) => rights.includes('chat'));
  return (
    <>
      <div className={styles.side}>{!tight && <CopyLink onCopy={onCopyLink} />}</div>
      <div className={styles.middle}>
        <Devices {...props} bare={tight} />
        {share.available && <ShareButton share={share} />}
        <HandButton room={room} onPress={actions.hand} />
        {mayWrite && <ReactionMenu onReact={actions.react} />}
        <MoreMenu {...props} />
      </div>
      <div className={`${styles.side} ${styles.end}`}>
        {!tight && <DocumentButtons {...props} />}
        <ChatButton {...props} />
        <PeopleButton {...props} />
        <Leave {...props} />
      </div>
    </>
  );
}

function Few(props: ToolbarProps) {
  return (
    <>
      <Devices {...props} bare />
      <ChatButton {...props} />
      <MoreSheet {...props} />
      <Leave {...props} />
    </>
  );
}

/** Only what one may publish: a viewer has neither. */
function Devices({ room, devices, bare = false, onDialog }: ToolbarProps & { bare?: boolean }) {
  const speaks = useRoomValue(room, ({ rights }) => rights.includes('publish:microphone'));
  const shows = useRoomValue(room, ({ rights }) => rights.includes('publish:camera'));
  const more = { bare, onSettings: () => onDialog('settings') };
  return (
    <>
      {speaks && <DeviceButton device={devices.microphone} speaker={devices.speaker} {...more} />}
      {shows && <DeviceButton device={devices.camera} {...more} />}
    </>
  );
}

function ShareButton({ share }: { share: Share }) {
  const { toolbar } = useWords().panels;
  const on = share.state === 'on';
  return (
    <ToolButton
      label={on ? toolbar.stopShare : toolbar.share}
      shortcut="share"
      look={on ? 'off' : 'neutral'}
      aria-busy={share.state === 'starting'}
      onClick={share.toggle}
    >
      {on ? <ScreenShareOff /> : <ScreenShare />}
    </ToolButton>
  );
}

function HandButton({ room, onPress }: { room: Room; onPress: () => void }) {
  const { toolbar } = useWords().panels;
  const raised = useRoomValue(room, ({ local }) => (local?.hand ?? 0) > 0);
  return (
    <ToolButton label={toolbar.raise} pressed={raised} shortcut="hand" onClick={onPress}>
      <Hand />
    </ToolButton>
  );
}

function ChatButton({ room, reading, view, actions }: ToolbarProps) {
  const { toolbar } = useWords().panels;
  const unread = useUnread(room, reading);
  return (
    <ToolButton
      label={unread > 0 ? `${toolbar.chat}, ${toolbar.unread(unread)}` : toolbar.chat}
      pressed={view.panel === 'chat'}
      shortcut="chat"
      badge={unread > 0 ? (unread > 99 ? '99+' : unread) : null}
      onClick={actions.chat}
    >
      <MessageSquare />
    </ToolButton>
  );
}

function DocumentButtons({ view, dispatch, board, onBoard }: ToolbarProps) {
  const { documents } = useWords();
  return (
    <>
      <ToolButton label={documents.board.title} pressed={board} onClick={onBoard}>
        <PenTool />
      </ToolButton>
      <ToolButton
        label={documents.notes.title}
        pressed={view.panel === 'notes'}
        onClick={() => dispatch({ type: 'panel', panel: 'notes' })}
      >
        <NotebookPen />
      </ToolButton>
    </>
  );
}

function PeopleButton({ room, view, actions }: ToolbarProps) {
  const { toolbar } = useWords().panels;
  const waiting = useRoomValue(room, ({ knocking }) => knocking.length);
  return (
    <ToolButton
      label={waiting > 0 ? `${toolbar.people}, ${toolbar.waiting(waiting)}` : toolbar.people}
      pressed={view.panel === 'people'}
      shortcut="people"
      badge={waiting > 0 ? waiting : null}
      onClick={actions.people}
    >
      <Users />
    </ToolButton>
  );
}

function Leave({ room, onLeave, onDialog }: ToolbarProps) {
  const mayEnd = useRoomValue(room, ({ rights }) => rights.includes('moderate'));
  return (
    <div className={styles.apart}>
      <LeaveButton mayEnd={mayEnd} onLeave={onLeave} onEnd={() => onDialog('end')} />
    </div>
  );
}
