import { useCallback, useRef, useState } from 'react';
import type { Participant, Room } from 'tertulia-client';
import { Alone } from '../call/Alone.tsx';
import { Banners } from '../call/Banners.tsx';
import { Dialogs, type OpenDialog } from '../call/dialogs/Dialogs.tsx';
import type { DialogName } from '../call/dialogs/names.ts';
import { Board, Notes } from '../call/documents/index.tsx';
import { Uploads } from '../call/files/uploads.ts';
import { useFileNews } from '../call/files/useFileNews.ts';
import { Header } from '../call/Header.tsx';
import { copy, linkFor } from '../call/links.ts';
import type { OwnDevices } from '../call/media/own.ts';
import { Chat } from '../call/panels/Chat.tsx';
import { Outbox } from '../call/panels/outbox.ts';
import { People } from '../call/panels/People.tsx';
import { PersonItems } from '../call/panels/PersonItems.tsx';
import { Stage } from '../call/stage/Stage.tsx';
import { useFullScreen } from '../call/stage/useFullScreen.ts';
import { usePictureInPicture } from '../call/stage/usePictureInPicture.ts';
import { Title } from '../call/Title.tsx';
import { Toolbar } from '../call/toolbar/Toolbar.tsx';
import { Reading } from '../call/unread.ts';
import { useActions } from '../call/useActions.ts';
import { useAnnouncements } from '../call/useAnnouncements.ts';
import { usePushToTalk } from '../call/usePushToTalk.ts';
import { useShare } from '../call/useShare.ts';
import { useShortcuts } from '../call/useShortcuts.ts';
import { useView } from '../call/useView.ts';
import { useWakeLock } from '../call/useWakeLock.ts';
import { usePrefs } from '../prefs.ts';
import styles from './Call.module.css';

interface Props {
  room: Room;
  /** By which one came in. */
  token: string | null;
  devices: OwnDevices;
}

/** The call: stage, toolbar, panels. Nothing here renders for who speaks, what is written or what is measured. */
export function Call({ room, token, devices }: Props) {
  const { shortcuts } = usePrefs();
  const [view, dispatch] = useView();
  const [reading] = useState(() => new Reading(room.chat.messages));
  const [outbox] = useState(() => new Outbox(room.chat.send));
  const [board, setBoard] = useState(false);
  const [uploads] = useState(() => new Uploads(room.files.upload));
  const [dialog, setDialog] = useState<OpenDialog | null>(null);
  const toolbar = useRef<HTMLDivElement>(null);
  // The whole document, for menus and dialogs stand outside the page's own element.
  const fullScreen = useFullScreen(useRef(document.documentElement));
  const pictureInPicture = usePictureInPicture(room);
  const share = useShare(room);

  const openDialog = useCallback((is: DialogName) => setDialog({ is }), []);
  const invite = useCallback(() => openDialog('invite'), [openDialog]);
  const check = useCallback(() => openDialog('doctor'), [openDialog]);
  const closeBoard = useCallback(() => setBoard(false), []);
  const closePanel = useCallback(() => dispatch({ type: 'close-panel' }), [dispatch]);
  const showPeople = useCallback(() => dispatch({ type: 'show-panel', panel: 'people' }), [dispatch]);
  const remove = useCallback((participant: Participant) => setDialog({ is: 'remove', participant }), []);
  const message = useCallback(
    ({ id }: Participant) => {
      outbox.address(id);
      dispatch({ type: 'show-panel', panel: 'chat' });
    },
    [outbox, dispatch],
  );
  const menuFor = useCallback(
    (participant: Participant) =>
      room.can('moderate') || room.can('chat') ? (
        <PersonItems room={room} participant={participant} onMessage={message} onRemove={remove} />
      ) : null,
    [room, message, remove],
  );
  const copyLink = async () => {
    const copied = await linkFor(room, 'speaker').then(copy, () => false);
    if (!copied) invite();
    return copied;
  };

  const actions = useActions({
    room,
    devices,
    share,
    view,
    dispatch,
    fullScreen,
    toolbar,
    onHelp: () => openDialog('shortcuts'),
  });
  useShortcuts(shortcuts, actions);
  usePushToTalk(devices.microphone, shortcuts);
  useAnnouncements(room);
  useFileNews(room);
  useWakeLock();

  return (
    <div className={styles.page}>
      <Title room={room} reading={reading} />
      <Header room={room} onPeople={showPeople} onStatistics={() => openDialog('statistics')} />
      <main className={styles.main}>
        <Banners
          room={room}
          devices={devices}
          onCheck={check}
          peopleShown={view.panel === 'people'}
          onShowPeople={showPeople}
        />
        <div className={styles.stage}>
          <Stage room={room} devices={devices} view={view} dispatch={dispatch} menuFor={menuFor} />
        </div>
        {board && <Board room={room} onClose={closeBoard} />}
        <Alone room={room} onInvite={invite} />
      </main>
      {view.panel && (
        <div className={styles.panel}>
          {view.panel === 'chat' && (
            <Chat room={room} reading={reading} outbox={outbox} uploads={uploads} onClose={closePanel} />
          )}
          {view.panel === 'notes' && <Notes room={room} onClose={closePanel} />}
          {view.panel === 'people' && (
            <People
              room={room}
              view={view}
              dispatch={dispatch}
              onClose={closePanel}
              onInvite={invite}
              onMessage={message}
              onRemove={remove}
            />
          )}
        </div>
      )}
      <footer className={styles.controls}>
        <Toolbar
          ref={toolbar}
          room={room}
          devices={devices}
          share={share}
          view={view}
          board={board}
          onBoard={() => setBoard(!board)}
          dispatch={dispatch}
          reading={reading}
          actions={actions}
          fullScreen={fullScreen}
          pictureInPicture={pictureInPicture}
          onDialog={openDialog}
          onCopyLink={copyLink}
          onLeave={() => void room.leave()}
        />
      </footer>
      <Dialogs room={room} token={token} devices={devices} open={dialog} onClose={() => setDialog(null)} />
    </div>
  );
}
