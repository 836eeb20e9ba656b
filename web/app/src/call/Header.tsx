import { Lock, Signal, SignalLow, SignalMedium, WifiOff } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ConnectionQuality, Room } from 'tertulia-client';
import { useWords } from '../i18n/index.tsx';
import { Tooltip } from '../parts/Tooltip.tsx';
import styles from './Header.module.css';
import { wordOf } from './stage/quality.ts';
import { useRoomValue } from './useRoomValue.ts';

interface Props {
  room: Room;
  onPeople: () => void;
  onStatistics: () => void;
}

/** Which room this is, who is in it, and how it is connected. */
export function Header({ room, onPeople, onStatistics }: Props) {
  const { header } = useWords().panels;
  const count = useRoomValue(room, ({ participants }) => participants.length + 1);
  const locked = useRoomValue(room, ({ info }) => info?.locked ?? false);
  return (
    <header className={styles.header}>
      <h1 className={styles.room}>
        <bdi>{room.name}</bdi>
      </h1>
      <button type="button" className={styles.count} onClick={onPeople}>
        {header.people(count)}
      </button>
      <div className={styles.states}>
        {locked && (
          <Chip hint={header.lockedHint}>
            <Lock aria-hidden="true" />
            {header.locked}
          </Chip>
        )}
        {count > 1 && <Road room={room} />}
        <Connection room={room} onPress={onStatistics} />
      </div>
    </header>
  );
}

/** People who talk directly see each other's address, so which way it goes is always said. */
function Road({ room }: { room: Room }) {
  const { header } = useWords().panels;
  const direct = useRoomValue(room, ({ topology }) => topology?.mode === 'direct');
  return <Chip hint={direct ? header.directHint : header.serverHint}>{direct ? header.direct : header.server}</Chip>;
}

function Chip({ hint, children }: { hint: string; children: React.ReactNode }) {
  return (
    <Tooltip label={hint} side="bottom">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the hint has to be reached by keyboard */}
      <span className={styles.chip} tabIndex={0}>
        {children}
      </span>
    </Tooltip>
  );
}

const EVERY = 5000;

/** How good one's own connection is; leads to the numbers. */
function Connection({ room, onPress }: { room: Room; onPress: () => void }) {
  const { header } = useWords().panels;
  const quality = useQuality(room);
  const label = header.connection(header.quality[quality]);
  return (
    <Tooltip label={label} side="bottom">
      <button type="button" className={`${styles.connection} ${styles[quality]}`} aria-label={label} onClick={onPress}>
        {quality !== 'lost' && <Signal className={styles.all} />}
        {ICONS[quality]}
      </button>
    </Tooltip>
  );
}

const ICONS = { excellent: <Signal />, good: <SignalMedium />, poor: <SignalLow />, lost: <WifiOff /> };

/** What the server says; what this page measures, only while it says nothing. Renders again when it is another one. */
function useQuality(room: Room): ConnectionQuality {
  const away = useRoomValue(room, ({ state }) => state === 'reconnecting');
  const told = useRoomValue(room, ({ local }) => local?.connectionQuality ?? null);
  const [measured, setMeasured] = useState<ConnectionQuality>('excellent');
  const silent = told === null;
  useEffect(() => {
    if (!silent) return;
    const stop = new AbortController();
    const follow = async () => {
      for await (const { level } of room.local.quality({ every: EVERY, signal: stop.signal }))
        setMeasured(wordOf(level));
    };
    void follow();
    return () => stop.abort();
  }, [room, silent]);
  return away ? 'lost' : (told ?? measured);
}
