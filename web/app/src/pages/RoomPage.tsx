import { useEffect, useRef, useState } from 'react';
import { Room, RoomError } from 'tertulia-client';
import { useOwnDevices } from '../call/media/useOwnDevices.ts';
import { loadDoctor } from '../doctor/Checkup.tsx';
import type { Hello, Parent } from '../embed.ts';
import { useWords } from '../i18n/index.tsx';
import { useAnnounce } from '../parts/LiveRegion.tsx';
import { playChime } from '../parts/play.ts';
import type { RoomPlace } from '../place.ts';
import { prefs, remember, rememberRoom } from '../prefs.ts';
import { Ended } from './Ended.tsx';
import { type Entry, PreJoin } from './PreJoin.tsx';
import { useEmbedding } from './useEmbedding.ts';
import { useRoomTitle } from './useRoomTitle.ts';

/** The call is a chunk of its own, so that nobody loads it who only looks in. */
const loadCall = () => import('./Call.tsx');
type CallPage = Awaited<ReturnType<typeof loadCall>>['Call'];

/** Where one is with a room. */
export type Stage =
  | { is: 'prejoin'; entry: Entry }
  /** `waited`: somebody had to let one in. */
  | { is: 'call'; Call: CallPage; room: Room; waited: boolean }
  | { is: 'ended'; code: string; message: string };

interface Props {
  place: RoomPlace;
  embedding: { parent: Parent; hello: Hello | null } | null;
}

/** From the door of a room to its end: pre-join, waiting, call, end. The devices are owned here, through all of it. */
export function RoomPage({ place, embedding }: Props) {
  const { pages } = useWords();
  const announce = useAnnounce();
  const devices = useOwnDevices();
  const [stage, setStage] = useState<Stage>({ is: 'prejoin', entry: 'idle' });
  const token = useRef(embedding?.hello?.token ?? place.token);
  const joining = useRef<AbortController | null>(null);
  useEffect(() => () => joining.current?.abort(), []);
  useRoomTitle(place.room, stage);

  const end = (reason: RoomError | null) => {
    devices.release();
    setStage({ is: 'ended', code: reason?.code ?? 'left', message: reason?.message ?? '' });
  };

  const join = async (name: string) => {
    const abort = new AbortController();
    joining.current = abort;
    let waited = false;
    setStage({ is: 'prejoin', entry: 'joining' });
    const room = new Room(`/r/${encodeURIComponent(place.room)}`, { token: () => token.current });
    let Call: CallPage;
    try {
      Call = await callPage();
      await room.join({
        name,
        signal: abort.signal,
        onWaiting: () => {
          waited = true;
          setStage({ is: 'prejoin', entry: 'waiting' });
        },
      });
    } catch (error) {
      if (!abort.signal.aborted) end(error instanceof RoomError ? error : new RoomError('internal', String(error)));
      return;
    }
    room.addEventListener('statechange', ({ state }) => state === 'closed' && end(room.reason));
    if (!embedding) rememberRoom(place.room);
    setStage({ is: 'call', Call, room, waited });
    // Where the connection fails later on it cannot be had any more.
    loadDoctor().catch(() => undefined);
    // Not waited for: a device that cannot be published is shown by its button.
    void devices.enter(room);
    if (!waited) return;
    announce.polite(pages.prejoin.admitted);
    void playChime(prefs().speakerId);
  };

  const cancel = () => {
    joining.current?.abort();
    setStage({ is: 'prejoin', entry: 'idle' });
  };

  const rejoin = () => {
    devices.resume();
    const { name } = prefs();
    if (name) void join(name);
    else setStage({ is: 'prejoin', entry: 'idle' });
  };

  useEmbedding({ embedding, stage, devices, token, join, cancel });

  switch (stage.is) {
    case 'prejoin':
      return (
        <PreJoin
          room={place.room}
          devices={devices}
          entry={stage.entry}
          embed={place.embed}
          onJoin={(name) => {
            remember({ name });
            void join(name);
          }}
          onCancel={cancel}
        />
      );
    case 'call':
      return <stage.Call room={stage.room} token={token.current} devices={devices} />;
    case 'ended':
      return (
        <Ended
          code={stage.code}
          message={stage.message}
          room={place.room}
          token={token.current}
          embed={place.embed}
          onRejoin={rejoin}
        />
      );
  }
}

/** Before one is seen in the room, so that nobody stands there without a page. */
async function callPage(): Promise<CallPage> {
  try {
    return (await loadCall()).Call;
  } catch (cause) {
    throw new RoomError('unreachable', 'The page of the call could not be loaded.', { cause });
  }
}
