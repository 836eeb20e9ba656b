import { ArrowDown, Search as SearchIcon } from 'lucide-react';
import {
  Fragment,
  type KeyboardEvent,
  memo,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import type { Message, Room, SharedFile } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { IconButton } from '../../parts/IconButton.tsx';
import { Panel } from '../../parts/Panel.tsx';
import { interleave, isFile } from '../files/entries.ts';
import { FileItem } from '../files/FileItem.tsx';
import fileStyles from '../files/Files.module.css';
import { UploadItem } from '../files/UploadItem.tsx';
import type { Uploads } from '../files/uploads.ts';
import { useDrop } from '../files/useDrop.ts';
import { useFiles } from '../files/useFiles.ts';
import { type Thread, threadOf } from '../threads.ts';
import { countUnread, type Reading, readUpTo } from '../unread.ts';
import { useRoomValue } from '../useRoomValue.ts';
import styles from './Chat.module.css';
import { ChatMessage, Text } from './ChatMessage.tsx';
import { Composer } from './Composer.tsx';
import type { Outbox, Outgoing } from './outbox.ts';
import { ReadBy, Typing } from './Presence.tsx';
import { Search } from './Search.tsx';
import { Threads } from './Threads.tsx';
import { useEarlier } from './useEarlier.ts';

interface Props {
  room: Room;
  reading: Reading;
  outbox: Outbox;
  uploads: Uploads;
  onClose: () => void;
}

/** The room's chat. */
export function Chat({ room, reading, outbox, uploads, onClose }: Props) {
  const { panels, files } = useWords();
  const { chat } = panels;
  const mayWrite = useRoomValue(room, ({ rights }) => rights.includes('chat'));
  const messages = useRoomValue(room, (snapshot) => snapshot.messages);
  useSyncExternalStore(reading.subscribe, () => reading.version);
  const mayShare = useRoomValue(room, ({ rights }) => rights.includes('data'));
  const { to, outgoing } = useSyncExternalStore(outbox.subscribe, () => outbox.snapshot);
  const share = mayShare ? (chosen: File[]) => uploads.add(chosen, to) : null;
  const drop = useDrop(share);
  const [searching, setSearching] = useState(false);
  const [editing, setEditing] = useState<string | null>(null);
  const editLast = () => {
    const own = room.local.id;
    const last = messages.findLast((it) => it.sender === own && !it.deleted && threadOf(it, own) === to);
    if (last) setEditing(last.id);
  };
  const search = (
    <IconButton
      label={chat.search}
      pressed={searching}
      look="quiet"
      side="bottom"
      onClick={() => setSearching((before) => !before)}
    >
      <SearchIcon />
    </IconButton>
  );
  return (
    <Panel title={chat.title} actions={search} onClose={onClose}>
      <div className={styles.chat} {...drop.handlers}>
        {drop.over && <p className={fileStyles.drop}>{files.drop}</p>}
        {!searching && (
          <Threads
            room={room}
            messages={messages}
            reading={reading}
            thread={to}
            onChoose={(thread) => outbox.address(thread)}
          />
        )}
        {searching ? (
          <Search room={room} onClose={() => setSearching(false)} />
        ) : (
          <Log
            key={to ?? EVERYONE}
            room={room}
            thread={to}
            messages={messages}
            reading={reading}
            outbox={outbox}
            uploads={uploads}
            outgoing={outgoing}
            mayWrite={mayWrite}
            editing={editing}
            onEdit={setEditing}
          />
        )}
        {!searching && <Typing room={room} to={to} />}
        {mayWrite ? (
          <Composer room={room} outbox={outbox} to={to} onEditLast={editLast} onFiles={share} />
        ) : (
          <p className={styles.readOnly}>{chat.readOnly}</p>
        )}
      </div>
    </Panel>
  );
}

const EVERYONE = '';
/** How near to the end counts as there, in CSS pixels. */
const NEAR = 48;
/** What the same person writes within this time, in seconds, stands under one name. */
const TOGETHER = 180;

interface LogProps extends Omit<Props, 'onClose'> {
  thread: Thread;
  /** All that the room shows, in whatever thread. */
  messages: readonly Message[];
  outgoing: readonly Outgoing[];
  mayWrite: boolean;
  /** Id of the message that is edited. */
  editing: string | null;
  onEdit: (id: string | null) => void;
}

function Log({ room, thread, messages, reading, outbox, uploads, outgoing: all, mayWrite, editing, onEdit }: LogProps) {
  const { chat } = useWords().panels;
  const known = useFiles(room);
  const files = useMemo(() => known.filter((it) => threadOf(it, room.local.id) === thread), [known, thread, room]);
  const pending = useSyncExternalStore(uploads.subscribe, () => uploads.snapshot);
  const uploading = pending.filter(({ to }) => to === thread);
  const earlier = useEarlier(room, messages, thread !== null);
  const own = room.local.id;
  const shown = useMemo(
    () => earlier.all.filter((message) => threadOf(message, own) === thread),
    [earlier.all, thread, own],
  );
  const outgoing = useMemo(() => all.filter(({ to }) => to === thread), [all, thread]);
  const log = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  // The line "New" stands where reading had stopped when the panel was opened, and stays there.
  const [readBefore] = useState(() => (countUnread(shown, reading, own) > 0 ? reading.last(thread) : undefined));

  const read = useCallback(() => {
    if (document.visibilityState !== 'visible') return;
    const newest = room.chat.messages.findLast((message) => threadOf(message, own) === thread);
    if (newest) reading.markRead(thread, newest.number);
    room.chat.read(readUpTo(room.chat.messages, reading, own));
  }, [room, reading, thread, own]);
  const toEnd = useCallback(() => {
    const element = log.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: new messages, own or not, keep the end in sight of whoever was there
  useLayoutEffect(() => {
    if (!atEnd) return;
    toEnd();
    read();
  }, [messages, files, uploading.length, outgoing, atEnd, toEnd, read]);
  // What is read stays where it is when something comes above it.
  const height = useRef(0);
  const first = shown[0]?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height is that of before `first` changed
  useLayoutEffect(() => {
    const element = log.current;
    if (!element) return;
    if (!atEnd && height.current > 0) element.scrollTop += element.scrollHeight - height.current;
    height.current = 0;
  }, [first]);
  const loadEarlier = () => {
    height.current = log.current?.scrollHeight ?? 0;
    setAtEnd(false);
    void earlier.load();
  };
  useEffect(() => {
    const element = log.current;
    if (!element || !atEnd) return;
    const resized = new ResizeObserver(toEnd);
    resized.observe(element);
    const stop = new AbortController();
    document.addEventListener('visibilitychange', read, { signal: stop.signal });
    // At once, or the badge would count it for a moment.
    room.addEventListener('chat', read, { signal: stop.signal });
    return () => {
      resized.disconnect();
      stop.abort();
    };
  }, [room, atEnd, toEnd, read]);
  useEffect(() => {
    const stop = new AbortController();
    const arrive = ({ message }: { message: Message }) => message.sender === own && outbox.arrived(message);
    room.addEventListener('chat', arrive, { signal: stop.signal });
    return () => stop.abort();
  }, [room, own, outbox]);
  // Who has just written wants to see it.
  const sent = outgoing.at(-1)?.key;
  useEffect(() => {
    if (sent !== undefined) setAtEnd(true);
  }, [sent]);

  const below = atEnd ? 0 : countUnread(shown, reading, own);
  return (
    <div className={styles.view}>
      {/* New messages are announced elsewhere, a few at a time: here each would be read out at once. */}
      <div
        ref={log}
        role="log"
        aria-live="off"
        aria-label={chat.log}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
        tabIndex={0}
        className={styles.log}
        onKeyDown={step}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) =>
          setAtEnd(scrollHeight - scrollTop - clientHeight < NEAR)
        }
      >
        {shown.length + files.length + uploading.length + outgoing.length === 0 && (
          <p className={styles.empty}>
            <strong>{chat.empty}</strong>
            {thread === null ? chat.emptyHint : chat.emptyPrivate}
          </p>
        )}
        {earlier.state !== 'all' && (
          <p className={styles.earlier} role={earlier.state === 'failed' ? 'alert' : undefined}>
            {earlier.state === 'failed' && chat.earlierFailed}
            <button type="button" disabled={earlier.state === 'loading'} onClick={loadEarlier}>
              {earlier.state === 'loading' ? chat.loading : chat.earlier}
            </button>
          </p>
        )}
        <ol className={styles.messages}>
          <Messages
            room={room}
            messages={shown}
            files={files}
            readBefore={readBefore}
            mayWrite={mayWrite}
            editing={editing}
            onEdit={onEdit}
          />
          {outgoing.map((message) => (
            <Pending key={message.key} message={message} outbox={outbox} />
          ))}
          {uploading.map((upload) => (
            <UploadItem key={upload.key} upload={upload} uploads={uploads} />
          ))}
        </ol>
        <ReadBy room={room} message={shown.at(-1)} />
      </div>
      {!atEnd && (
        <button type="button" className={styles.toEnd} onClick={() => setAtEnd(true)}>
          <ArrowDown aria-hidden="true" />
          {below > 0 ? chat.newMessages(below) : chat.toEnd}
        </button>
      )}
    </div>
  );
}

interface MessagesProps {
  room: Room;
  messages: readonly Message[];
  files: readonly SharedFile[];
  /** The line "New" stands after the message of this number; undefined: nowhere. */
  readBefore: number | undefined;
  mayWrite: boolean;
  editing: string | null;
  onEdit: (id: string | null) => void;
}

/** Apart from what is on its way and where one has scrolled to, so that neither goes through the whole list. */
const Messages = memo(function Messages({
  room,
  messages,
  files,
  readBefore,
  mayWrite,
  editing,
  onEdit,
}: MessagesProps) {
  const { chat } = useWords().panels;
  const [active, setActive] = useState<string | null>(null);
  const own = room.local.id;
  const moderates = useRoomValue(room, ({ rights }) => rights.includes('moderate'));
  const entries = useMemo(() => interleave(messages, files), [messages, files]);
  let before: Message | undefined;
  let afterFile = false;
  return entries.map((message) => {
    if (isFile(message)) {
      afterFile = true;
      const mine = message.sender === own;
      return <FileItem key={message.id} room={room} file={message} own={mine} mayDelete={mine || moderates} />;
    }
    const isNew = readBefore !== undefined && message.number > readBefore && !(before && before.number > readBefore);
    const headed = isNew || afterFile || !follows(message, before);
    before = message;
    afterFile = false;
    return (
      <Fragment key={message.id}>
        {isNew && <li className={styles.unread}>{chat.unreadFrom}</li>}
        <ChatMessage
          room={room}
          message={message}
          own={message.sender === own}
          headed={headed}
          toName={message.to === null ? null : (room.participants.get(message.to)?.name ?? null)}
          mayWrite={mayWrite}
          active={message.id === active}
          editing={message.id === editing}
          onActive={setActive}
          onEdit={onEdit}
        />
      </Fragment>
    );
  });
});

/** The arrows go from message to message; what can be done with one is then the next stop of the Tab key. */
function step(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
  const target = event.target as HTMLElement;
  if (target !== event.currentTarget && !target.matches('[data-message]')) return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-message]')];
  const at = all.indexOf(target);
  const next = event.key === 'ArrowUp' ? all[at < 0 ? all.length - 1 : at - 1] : at < 0 ? undefined : all[at + 1];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

const follows = (message: Message, before: Message | undefined): boolean =>
  before !== undefined &&
  before.sender === message.sender &&
  before.to === message.to &&
  message.time - before.time < TOGETHER;

function Pending({ message, outbox }: { message: Outgoing; outbox: Outbox }) {
  const { common, panels } = useWords();
  const { chat } = panels;
  const failed = message.state === 'failed';
  return (
    <li className={`${styles.message} ${styles.own} ${failed ? styles.failed : styles.sending}`}>
      <Text text={message.text} />
      {failed ? (
        <p role="alert" className={styles.problem}>
          <span>
            {chat.failed}. {chat.failedHint[message.code]}
          </span>
          <button type="button" onClick={() => outbox.retry(message.key)}>
            {common.tryAgain}
          </button>
          <button type="button" onClick={() => outbox.discard(message.key)}>
            {chat.discard}
          </button>
        </p>
      ) : (
        <p className={styles.time}>{chat.sending}</p>
      )}
    </li>
  );
}
