import { Settings as Cog, LoaderCircle, Mic, MicOff, Video as VideoIcon, VideoOff } from 'lucide-react';
import { type FormEvent, useMemo, useState } from 'react';
import { Settings } from '../call/dialogs/Settings.tsx';
import { DeviceSelects } from '../call/media/DeviceSelects.tsx';
import type { OwnDevice } from '../call/media/own.ts';
import type { OwnedDevices } from '../call/media/own-devices.ts';
import { useWords } from '../i18n/index.tsx';
import { Button } from '../parts/Button.tsx';
import { takeFocus } from '../parts/focus.ts';
import { IconButton } from '../parts/IconButton.tsx';
import { Logo } from '../parts/Logo.tsx';
import { TextField } from '../parts/TextField.tsx';
import { Video } from '../parts/Video.tsx';
import { prefs } from '../prefs.ts';
import { DeviceProblems } from './DeviceProblems.tsx';
import styles from './PreJoin.module.css';

/** How far one is on the way in. */
export type Entry = 'idle' | 'joining' | 'waiting';

interface Props {
  room: string;
  devices: OwnedDevices;
  entry: Entry;
  embed: boolean;
  onJoin: (name: string) => void;
  onCancel: () => void;
}

/** Name, preview and devices before the call. Joining never depends on a device. */
export function PreJoin({ room, devices, entry, embed, onJoin, onCancel }: Props) {
  const { prejoin } = useWords().pages;
  const [settings, setSettings] = useState(false);
  return (
    <div className={styles.page}>
      <header className={styles.header}>
        {embed ? (
          <span />
        ) : (
          <a className={styles.home} href={document.baseURI}>
            <Logo />
          </a>
        )}
        <IconButton label={prejoin.settings} look="quiet" side="bottom" onClick={() => setSettings(true)}>
          <Cog />
        </IconButton>
        <Settings open={settings} onClose={() => setSettings(false)} devices={devices} />
      </header>
      <main className={styles.columns}>
        <Mirror devices={devices} />
        <div className={styles.form}>
          {entry === 'waiting' ? (
            <Waiting onCancel={onCancel} />
          ) : (
            <JoinForm room={room} busy={entry === 'joining'} onJoin={onJoin} />
          )}
          <DeviceProblems camera={devices.camera} microphone={devices.microphone} />
        </div>
        <section className={styles.devices}>
          <DeviceSelects devices={devices} />
        </section>
      </main>
    </div>
  );
}

function JoinForm({ room, busy, onJoin }: { room: string; busy: boolean; onJoin: (name: string) => void }) {
  const { prejoin } = useWords().pages;
  const [name, setName] = useState(() => prefs().name);
  const join = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) onJoin(name.trim());
  };
  return (
    <form className={styles.join} onSubmit={join}>
      <div>
        <h1>{prejoin.ready}</h1>
        <p className={styles.room}>{prejoin.room(room)}</p>
      </div>
      <TextField
        label={prejoin.name}
        value={name}
        maxLength={64}
        required
        disabled={busy}
        autoComplete="nickname"
        enterKeyHint="go"
        placeholder={prejoin.namePlaceholder}
        onChange={setName}
      />
      <Button type="submit" wide disabled={busy}>
        {busy ? prejoin.joining : prejoin.join}
      </Button>
    </form>
  );
}

function Waiting({ onCancel }: { onCancel: () => void }) {
  const { common, pages } = useWords();
  return (
    <div className={styles.join}>
      <div role="status" className={styles.waiting}>
        <LoaderCircle className={styles.turning} aria-hidden="true" />
        <h1 ref={takeFocus} tabIndex={-1}>
          {pages.prejoin.waiting}
        </h1>
        <p className={styles.room}>{pages.prejoin.waitingHint}</p>
      </div>
      <Button look="plain" wide onClick={onCancel}>
        {common.cancel}
      </Button>
    </div>
  );
}

/** What the others will see, and the two switches. */
function Mirror({ devices }: { devices: OwnedDevices }) {
  const { common, pages } = useWords();
  const { camera, microphone, consent } = devices;
  const stream = useMemo(() => (camera.track ? new MediaStream([camera.track]) : null), [camera.track]);
  const unasked = consent === 'ask' && camera.state === 'off' && microphone.state === 'off';
  return (
    <section className={styles.mirror} aria-label={pages.prejoin.preview}>
      {stream ? (
        <Video stream={stream} mirrored className={styles.video} />
      ) : (
        <div className={styles.noPicture}>
          {unasked ? (
            <Consent devices={devices} />
          ) : (
            <p role="status">
              {camera.state !== 'starting'
                ? pages.prejoin.cameraIsOff
                : consent === 'ask'
                  ? pages.prejoin.asking
                  : common.starting}
            </p>
          )}
        </div>
      )}
      <div className={styles.switches}>
        <DeviceSwitch device={microphone} on={<Mic />} off={<MicOff />} />
        <DeviceSwitch device={camera} on={<VideoIcon />} off={<VideoOff />} />
      </div>
    </section>
  );
}

/** The browser would ask: not out of the blue, but when the person has said what for. */
function Consent({ devices: { resume } }: { devices: OwnedDevices }) {
  const { prejoin } = useWords().pages;
  const { camera, microphone } = prefs();
  const label = camera && microphone ? prejoin.consentBoth : camera ? prejoin.consentCamera : prejoin.consentMicrophone;
  return (
    <div className={styles.consent}>
      <Button onClick={resume}>{label}</Button>
      <p>{prejoin.consentHint}</p>
    </div>
  );
}

function DeviceSwitch({ device, on, off }: { device: OwnDevice; on: React.ReactNode; off: React.ReactNode }) {
  const { common } = useWords();
  const running = device.state === 'on' || device.state === 'starting';
  return (
    <IconButton
      label={common[`${device.kind}${running ? 'Off' : 'On'}`]}
      look={running ? 'neutral' : 'off'}
      aria-busy={device.state === 'starting'}
      onClick={device.toggle}
    >
      {running ? on : off}
    </IconButton>
  );
}
