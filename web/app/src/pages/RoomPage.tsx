import { useEffect, useRef, useState } from 'react';
import { Room, RoomError } from 'tertulia-client';
import { remembered } from '../place.ts';
import { Call } from './Call.tsx';
import { Ended } from './Ended.tsx';
import { type Choices, PreJoin } from './PreJoin.tsx';

type Stage =
  | { is: 'prejoin'; busy: boolean; waiting: boolean }
  | { is: 'call'; room: Room }
  | { is: 'ended'; code: string; message: string };

const PREJOIN: Stage = { is: 'prejoin', busy: false, waiting: false };

const NOTHING = Promise.resolve(null);

/** From the door of a room to its end: pre-join, call, end. */
export function RoomPage({ room: name, token }: { room: string; token: string | null }) {
  const [stage, setStage] = useState<Stage>(PREJOIN);
  const joining = useRef<AbortController | null>(null);
  useEffect(() => () => joining.current?.abort(), []);

  const join = async ({ name: person, camera, microphone }: Choices) => {
    const abort = new AbortController();
    joining.current = abort;
    setStage({ is: 'prejoin', busy: true, waiting: false });
    const room = new Room(`/r/${encodeURIComponent(name)}`, token ? { token } : {});
    room.addEventListener('statechange', () => {
      if (room.state !== 'closed') return;
      for (const publication of room.local.publications.values()) publication.track.stop();
      setStage({ is: 'ended', code: room.reason?.code ?? 'left', message: room.reason?.message ?? '' });
    });
    try {
      await room.join({
        name: person,
        signal: abort.signal,
        onWaiting: () => setStage({ is: 'prejoin', busy: true, waiting: true }),
      });
    } catch (error) {
      for (const device of [camera, microphone]) void device.then((track) => track?.stop());
      const problem = error instanceof RoomError ? error : null;
      setStage({ is: 'ended', code: problem?.code ?? 'internal', message: problem?.message ?? String(error) });
      return;
    }
    setStage({ is: 'call', room });
    // The page is in the call already; a device that cannot be published is shown by its button.
    const publish = async (device: Promise<MediaStreamTrack | null>, source: 'camera' | 'microphone') => {
      const track = await device;
      if (!track) return;
      if (room.state === 'closed' || !room.can(`publish:${source}`)) track.stop();
      else await room.local.publish(track, { source });
    };
    await Promise.allSettled([publish(microphone, 'microphone'), publish(camera, 'camera')]);
  };

  switch (stage.is) {
    case 'prejoin':
      return <PreJoin room={name} busy={stage.busy} waiting={stage.waiting} onJoin={(choices) => void join(choices)} />;
    case 'call':
      return <Call room={stage.room} />;
    case 'ended':
      return (
        <Ended
          code={stage.code}
          message={stage.message}
          onRejoin={() => {
            const { name: person } = remembered();
            if (person) void join({ name: person, camera: NOTHING, microphone: NOTHING });
            else setStage(PREJOIN);
          }}
        />
      );
  }
}
