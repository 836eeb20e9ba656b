import { Check, DoorOpen, Hand, TriangleAlert, Turtle, WifiOff } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import type { Room } from 'tertulia-client';
import { useWords } from '../i18n/index.tsx';
import { Button } from '../parts/Button.tsx';
import { useAnnounce } from '../parts/LiveRegion.tsx';
import styles from './Banners.module.css';
import type { OwnDevice, OwnDevices } from './media/own.ts';
import { Named } from './Named.tsx';
import { useAsked } from './useAsked.ts';
import { useConnection } from './useConnection.ts';
import { useRequest } from './useRequest.ts';
import { useRoomValue } from './useRoomValue.ts';

interface Props {
  room: Room;
  devices: OwnDevices;
  onCheck: () => void;
  /** The panel of people shows who waits, too. */
  peopleShown: boolean;
  onShowPeople: () => void;
}

/** What needs an eye or an answer now, above the stage. What nobody has to answer is a toast. */
export function Banners({ room, devices, onCheck, peopleShown, onShowPeople }: Props) {
  return (
    <div className={styles.banners}>
      <ConnectionBanner room={room} onCheck={onCheck} />
      <SocketBanner room={room} />
      <AskedBanner room={room} devices={devices} />
      {!peopleShown && <KnockBanner room={room} onShowPeople={onShowPeople} />}
      <DeviceBanner device={devices.microphone} />
      <DeviceBanner device={devices.camera} />
    </div>
  );
}

interface BannerProps {
  icon: ReactNode;
  warning?: boolean;
  title: ReactNode;
  hint?: string;
  children?: ReactNode;
}

function Banner({ icon, warning = false, title, hint, children }: BannerProps) {
  return (
    <div className={`${styles.banner} ${warning ? styles.warning : ''}`}>
      {icon}
      <p className={styles.words}>
        <strong>{title}</strong> {hint && <span className={styles.hint}>{hint}</span>}
      </p>
      {children && <div className={styles.actions}>{children}</div>}
    </div>
  );
}

function ConnectionBanner({ room, onCheck }: Pick<Props, 'room' | 'onCheck'>) {
  const { common, pages, panels } = useWords();
  const { banner, announce } = panels;
  const { assertive } = useAnnounce();
  const connection = useConnection(room);
  const wrong = connection.is === 'lost' && connection.stuck ? banner.stuck[connection.what] : null;
  useEffect(() => {
    if (connection.is === 'lost') assertive(announce.reconnecting);
    if (connection.is === 'back') assertive(announce.back);
  }, [connection.is, assertive, announce]);
  useEffect(() => {
    if (wrong) assertive(wrong);
  }, [wrong, assertive]);
  if (connection.is === 'up') return null;
  if (connection.is === 'back') return <Banner icon={<Check />} title={banner.back} />;
  const hint = wrong ?? (connection.attempt > 1 ? banner.attempt(connection.attempt) : null);
  return (
    <Banner icon={<WifiOff />} warning title={banner.reconnecting} {...(hint !== null && { hint })}>
      {wrong && (
        <>
          <Button look="plain" onClick={() => room.retry()}>
            {common.tryAgain}
          </Button>
          <Button onClick={onCheck}>{pages.doctor.check}</Button>
        </>
      )}
    </Banner>
  );
}

/** What cannot be helped is said once, plainly: who talks to the others should know that they hear it later. */
function SocketBanner({ room }: Pick<Props, 'room'>) {
  const { banner } = useWords().panels;
  const { polite } = useAnnounce();
  const [dismissed, setDismissed] = useState(false);
  const bySocket = useRoomValue(room, (snapshot) => snapshot.bySocket);
  useEffect(() => {
    if (bySocket) polite(banner.bySocket);
  }, [bySocket, polite, banner]);
  if (!bySocket || dismissed) return null;
  return (
    <Banner icon={<Turtle />} title={banner.bySocket} hint={banner.bySocketHint}>
      <Button look="plain" onClick={() => setDismissed(true)}>
        {banner.dismiss}
      </Button>
    </Banner>
  );
}

function AskedBanner({ room, devices }: Pick<Props, 'room' | 'devices'>) {
  const { asked: words } = useWords().panels;
  const { assertive } = useAnnounce();
  const [asked, answered] = useAsked(room, devices);
  const by = asked?.by ?? words.moderator;
  const spoken = asked && words[asked.kind](by);
  useEffect(() => {
    if (spoken) assertive(spoken);
  }, [spoken, assertive]);
  if (!asked) return null;
  const device = devices[asked.kind];
  return (
    <Banner
      icon={<Hand />}
      title={<Named words={words[asked.kind]} name={by} />}
      hint={asked.kind === 'microphone' ? words.microphoneHint : words.cameraHint}
    >
      <Button look="plain" onClick={answered}>
        {asked.kind === 'microphone' ? words.stayMuted : words.stayOff}
      </Button>
      <Button
        disabled={device.state === 'starting'}
        onClick={() => {
          answered();
          device.toggle();
        }}
      >
        {asked.kind === 'microphone' ? words.unmute : words.turnOn}
      </Button>
    </Banner>
  );
}

function KnockBanner({ room, onShowPeople }: Pick<Props, 'room' | 'onShowPeople'>) {
  const { banner } = useWords().panels;
  const { busy, request } = useRequest();
  const knocking = useRoomValue(room, (snapshot) => snapshot.knocking);
  const [first] = knocking;
  if (!first) return null;
  if (knocking.length > 1)
    return (
      <Banner icon={<DoorOpen />} title={banner.knockingMany(knocking.length)}>
        <Button look="plain" onClick={onShowPeople}>
          {banner.show}
        </Button>
        <Button
          disabled={busy}
          onClick={() => void request(() => Promise.all(knocking.map(({ id }) => room.admit(id))))}
        >
          {banner.admitAll}
        </Button>
      </Banner>
    );
  return (
    <Banner icon={<DoorOpen />} title={<Named words={banner.knocking} name={first.name} />}>
      <Button look="plain" disabled={busy} onClick={() => void request(() => room.deny(first.id))}>
        {banner.deny}
      </Button>
      <Button disabled={busy} onClick={() => void request(() => room.admit(first.id))}>
        {banner.admit}
      </Button>
    </Banner>
  );
}

function DeviceBanner({ device }: { device: OwnDevice }) {
  const { common, panels } = useWords();
  const { polite } = useAnnounce();
  const [dismissed, setDismissed] = useState(false);
  const problem = device.state === 'failed' ? device.problem : null;
  const title = problem && common.deviceTitle[problem](common[device.kind]);
  useEffect(() => {
    setDismissed(false);
    if (title) polite(title);
  }, [title, polite]);
  if (!problem || !title || dismissed) return null;
  return (
    <Banner icon={<TriangleAlert />} warning title={title} hint={common.deviceHint[problem]}>
      <Button look="plain" onClick={() => setDismissed(true)}>
        {panels.banner.dismiss}
      </Button>
      {problem !== 'insecure' && <Button onClick={device.toggle}>{common.tryAgain}</Button>}
    </Banner>
  );
}
