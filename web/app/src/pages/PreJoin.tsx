import { Mic, MicOff, Video as VideoIcon, VideoOff } from 'lucide-react';
import { type FormEvent, useId, useMemo, useState } from 'react';
import { type Device, useDevice } from '../call/useDevice.ts';
import { Button } from '../parts/Button.tsx';
import { Level } from '../parts/Level.tsx';
import { RoundButton } from '../parts/RoundButton.tsx';
import { Video } from '../parts/Video.tsx';
import { remember, remembered } from '../place.ts';
import { words } from '../words.ts';
import styles from './PreJoin.module.css';

export interface Choices {
  name: string;
  /** Null when it is off; it may still be starting, and whoever joins at once does not lose it. */
  camera: Promise<MediaStreamTrack | null>;
  microphone: Promise<MediaStreamTrack | null>;
}

interface Props {
  room: string;
  waiting: boolean;
  busy: boolean;
  onJoin: (choices: Choices) => void;
}

/** Name, preview and devices before the call. Joining never depends on a device. */
export function PreJoin({ room, waiting, busy, onJoin }: Props) {
  const [last] = useState(remembered);
  const [name, setName] = useState(last.name);
  const camera = useDevice('camera', last.camera);
  const microphone = useDevice('microphone', last.microphone);
  const field = useId();

  const join = (event: FormEvent) => {
    event.preventDefault();
    const trimmed = name.trim();
    if (!trimmed) return;
    // What is remembered is the wish: a camera that failed is tried again next time.
    remember({ name: trimmed, camera: camera.state.is !== 'off', microphone: microphone.state.is !== 'off' });
    onJoin({ name: trimmed, camera: camera.take(), microphone: microphone.take() });
  };

  return (
    <main className={styles.page}>
      <div className={styles.columns}>
        <section className={styles.preview} aria-label={words.camera}>
          <Preview camera={camera} />
          <div className={styles.controls}>
            <Toggle
              device={microphone}
              disabled={busy}
              on={words.microphoneOn}
              off={words.microphoneOff}
              icons={[<Mic key="on" />, <MicOff key="off" />]}
            />
            <Toggle
              device={camera}
              disabled={busy}
              on={words.cameraOn}
              off={words.cameraOff}
              icons={[<VideoIcon key="on" />, <VideoOff key="off" />]}
            />
          </div>
        </section>
        <form className={styles.form} onSubmit={join}>
          <h1>{waiting ? words.waiting : words.ready}</h1>
          <p className={styles.room}>{waiting ? words.waitingHint : words.roomIs(room)}</p>
          <label htmlFor={field}>{words.yourName}</label>
          <input
            id={field}
            value={name}
            maxLength={64}
            required
            disabled={busy}
            autoComplete="nickname"
            placeholder={words.yourNamePlaceholder}
            onChange={(event) => setName(event.target.value)}
          />
          {microphone.state.is === 'on' && <Level track={microphone.state.track} />}
          <Button type="submit" wide disabled={busy}>
            {waiting ? words.waiting : busy ? words.joining : words.join}
          </Button>
          <Problems camera={camera} microphone={microphone} />
        </form>
      </div>
    </main>
  );
}

function Preview({ camera }: { camera: Device }) {
  const track = camera.state.is === 'on' ? camera.state.track : null;
  const stream = useMemo(() => (track ? new MediaStream([track]) : null), [track]);
  if (stream) return <Video stream={stream} mirrored className={styles.video} />;
  return <p className={styles.noPicture}>{camera.state.is === 'starting' ? words.starting : words.cameraIsOff}</p>;
}

function Toggle({
  device,
  disabled,
  on,
  off,
  icons,
}: {
  device: Device;
  /** While one joins, the devices are given away already. */
  disabled: boolean;
  on: string;
  off: string;
  icons: [React.ReactNode, React.ReactNode];
}) {
  const running = device.state.is === 'on';
  const starting = device.state.is === 'starting';
  return (
    <RoundButton
      label={running || starting ? off : on}
      look={running || starting ? 'neutral' : 'off'}
      disabled={disabled}
      onClick={running || starting ? device.off : device.on}
    >
      {running || starting ? icons[0] : icons[1]}
    </RoundButton>
  );
}

/** What is wrong with a device and what to do about it; an insecure page is said once. */
function Problems({ camera, microphone }: { camera: Device; microphone: Device }) {
  const failed = [
    { what: words.camera, device: camera },
    { what: words.microphone, device: microphone },
  ].filter(({ device }) => device.state.is === 'failed');
  const insecure = failed.some(({ device }) => device.state.is === 'failed' && device.state.problem === 'insecure');
  return (
    <div role="status" className={styles.problems}>
      {(insecure ? failed.slice(0, 1) : failed).map(({ what, device }) => {
        if (device.state.is !== 'failed') return null;
        const { problem } = device.state;
        return (
          <div key={what} className={styles.problem}>
            <p className={styles.problemTitle}>{words.deviceTitle[problem](what)}</p>
            <p>
              {words.deviceHint[problem]} {words.joinAnyway}
            </p>
            {problem !== 'insecure' && (
              <button type="button" className={styles.again} onClick={device.on}>
                {words.tryAgain}
              </button>
            )}
          </div>
        );
      })}
    </div>
  );
}
