import { useState } from 'react';
import type { Room } from 'tertulia-client';
import { Grid } from '../call/Grid.tsx';
import { Tile } from '../call/Tile.tsx';
import { Toolbar } from '../call/Toolbar.tsx';
import { useRoom } from '../call/useRoom.ts';
import { type Failure, useSwitch } from '../call/useSwitch.ts';
import { Sound } from '../parts/Sound.tsx';
import { roomUrl } from '../place.ts';
import { words } from '../words.ts';
import styles from './Call.module.css';

/** The call: tiles, sound, controls. */
export function Call({ room }: { room: Room }) {
  useRoom(room);
  const [failure, setFailure] = useState<Failure | null>(null);
  const camera = useSwitch(room, 'camera', setFailure);
  const microphone = useSwitch(room, 'microphone', setFailure);
  const others = [...room.participants.values()];
  const speaking = new Set(room.speakers.map((speaker) => speaker.participant));
  const own = publicationOf(room.local, 'camera');

  return (
    <main className={styles.page}>
      <header className={styles.header}>
        <h1 className={styles.room}>
          <bdi>{room.name}</bdi>
        </h1>
        <span className={styles.count}>{words.people(others.length + 1)}</span>
        {others.length > 0 && <Road room={room} />}
      </header>
      <Banner room={room} failure={failure} />
      <Grid count={others.length + 1}>
        {others.map((person) => {
          const camera = publicationOf(person, 'camera');
          return (
            <Tile
              key={person.id}
              name={person.name}
              picture={camera && !camera.muted ? camera.stream : null}
              followed={camera}
              silent={publicationOf(person, 'microphone')?.muted ?? true}
              speaking={speaking.has(person.id)}
              away={!person.connected}
            />
          );
        })}
        <Tile
          key={room.local.id}
          name={words.youName(room.local.name)}
          picture={own?.enabled ? own.stream : null}
          silent={!microphone.on}
          speaking={speaking.has(room.local.id)}
          mirrored
        />
      </Grid>
      {others.flatMap((person) =>
        [...person.publications.values()]
          .filter((publication) => publication.kind === 'audio')
          .map((publication) => <Sound key={publication.id} stream={publication.stream} />),
      )}
      {others.length === 0 && (
        <p className={styles.alone} role="status">
          <strong>{words.alone}</strong> {words.aloneHint}
        </p>
      )}
      <Toolbar camera={camera} microphone={microphone} link={() => linkTo(room)} onLeave={() => void room.leave()} />
    </main>
  );
}

const publicationOf = <P extends { source: string }>(
  person: { publications: ReadonlyMap<string, P> },
  source: string,
): P | undefined => [...person.publications.values()].find((publication) => publication.source === source);

/** Never the address of this page: that may hold one's own token. */
async function linkTo(room: Room): Promise<string> {
  const token = room.can('admit') ? await room.invite() : null;
  return token ? `${roomUrl(room.name)}#t=${token}` : roomUrl(room.name);
}

/** Which way picture and sound go; people who talk directly see each other's address, so it is always said. */
function Road({ room }: { room: Room }) {
  const direct = room.topology?.mode === 'direct';
  return (
    <span className={styles.road} title={direct ? words.roadDirectHint : words.roadServerHint}>
      {direct ? words.roadDirect : words.roadServer}
    </span>
  );
}

function Banner({ room, failure }: { room: Room; failure: Failure | null }) {
  const [knocking] = room.knocking.values();
  return (
    <div className={styles.banners} role="status">
      {room.state === 'reconnecting' && <p className={styles.banner}>{words.reconnecting}</p>}
      {failure && <p className={styles.banner}>{deviceSentence(failure)}</p>}
      {knocking && (
        <p className={styles.banner}>
          <span>{words.knocking(knocking.name)}</span>
          <button type="button" onClick={() => void room.admit(knocking.id)}>
            {words.admit}
          </button>
          <button type="button" onClick={() => void room.deny(knocking.id)}>
            {words.deny}
          </button>
        </p>
      )}
    </div>
  );
}

function deviceSentence({ source, code }: Failure): string {
  const what = source === 'camera' ? words.camera : words.microphone;
  const problem = code in words.deviceTitle ? (code as keyof typeof words.deviceTitle) : 'failed';
  return `${words.deviceTitle[problem](what)}. ${words.deviceHint[problem]}`;
}
