import { useEffect, useState } from 'react';
import type { PublicationStatistics, Room, RoomStatistics } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { Button } from '../../parts/Button.tsx';
import { Dialog } from '../../parts/Dialog.tsx';
import { type Point, withPoint } from './history.ts';
import { Plot } from './Plot.tsx';
import { verdictOf } from './quality.ts';
import styles from './Statistics.module.css';

const EVERY = 1000;
const SHOWN_FOR = 2500;

interface Measured {
  now: RoomStatistics;
  history: readonly Point[];
}

/** How one's connection does, in one sentence, in plots and in numbers. Measures only while it is open. */
export function Statistics({ room, onClose }: { room: Room; onClose: () => void }) {
  const { stage } = useWords();
  const words = stage.statistics;
  const measured = useMeasured(room);
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={words.title}
      description={measured ? words.verdict[verdictOf(measured.now)] : words.measuring}
      footer={measured && <Copy room={room} measured={measured} />}
    >
      {measured && (
        <div className={styles.content}>
          <Facts now={measured.now} score={room.local.connectionScore} trip={room.roundTripTime} />
          <Plots history={measured.history} />
          <Tracks room={room} publications={measured.now.publications} />
        </div>
      )}
    </Dialog>
  );
}

function useMeasured(room: Room): Measured | null {
  const [measured, setMeasured] = useState<Measured | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    const read = async () => {
      for await (const now of room.statistics({ every: EVERY, signal: stop.signal }))
        setMeasured((last) => ({ now, history: withPoint(last?.history ?? [], now) }));
    };
    void read();
    return () => stop.abort();
  }, [room]);
  return measured;
}

/** `trip`: of messages, which go another way than media. */
function Facts({ now, score, trip }: { now: RoomStatistics; score: number | null; trip: number | null }) {
  const { stage } = useWords();
  const words = stage.statistics;
  return (
    <dl className={styles.facts}>
      <div>
        <dt>{words.road}</dt>
        <dd>{now.road === 'direct' ? words.direct : words.server}</dd>
      </div>
      <div>
        <dt>{words.available}</dt>
        <dd>{now.availableSendKbps === null ? words.unknown : words.kbps(now.availableSendKbps)}</dd>
      </div>
      <div>
        <dt>{words.score}</dt>
        <dd>{score?.toFixed(1) ?? words.unknown}</dd>
      </div>
      <div>
        <dt>{words.messages}</dt>
        <dd>{trip === null ? words.unknown : words.ms(trip)}</dd>
      </div>
    </dl>
  );
}

function Plots({ history }: { history: readonly Point[] }) {
  const { stage } = useWords();
  const words = stage.statistics;
  const common = {
    history,
    unknown: words.unknown,
    description: ({ label }: { label: string }, now: string, low: string, high: string) =>
      words.plot(label, now, low, high),
  };
  return (
    <div className={styles.plots}>
      <Plot
        {...common}
        title={words.rate}
        curves={[
          { label: words.send, value: ({ sendKbps }) => sendKbps },
          { label: words.receive, value: ({ receiveKbps }) => receiveKbps },
        ]}
        least={100}
        unit={words.kbps}
      />
      <Plot
        {...common}
        title={words.rtt}
        curves={[{ label: words.rtt, value: ({ rtt }) => rtt }]}
        least={50}
        unit={words.ms}
      />
      <Plot
        {...common}
        title={words.loss}
        curves={[
          { label: words.send, value: ({ sendLoss }) => sendLoss },
          { label: words.receive, value: ({ loss }) => loss },
        ]}
        least={0.02}
        unit={words.percent}
      />
    </div>
  );
}

function Tracks({ room, publications }: { room: Room; publications: RoomStatistics['publications'] }) {
  const { stage } = useWords();
  const words = stage.statistics;
  const { person, source, direction, picture, score, why, rate, loss, jitter, codec, freezes } = words;
  const headers = [person, source, direction, picture, score, why, rate, loss, jitter, codec, freezes];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: wider than a phone, so it has to scroll by keyboard, too
    <section className={styles.scroll} aria-label={words.table} tabIndex={0}>
      <table className={styles.table}>
        <thead>
          <tr>
            {headers.map((header) => (
              <th key={header} scope="col">
                {header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {[...publications].map(([id, publication]) => (
            <Track key={id} name={nameOf(room, publication)} publication={publication} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Track({ name, publication }: { name: string; publication: PublicationStatistics }) {
  const { stage } = useWords();
  const words = stage.statistics;
  const { source, direction, width, height, fps, kbps, loss, jitter, codec, freezes, kind, score, reason } =
    publication;
  return (
    <tr>
      <th scope="row">
        <bdi>{name}</bdi>
      </th>
      <td>{words.sources[source]}</td>
      <td>{direction === 'send' ? words.up : words.down}</td>
      <td>{kind === 'video' && width > 0 ? words.size(width, height, fps) : '–'}</td>
      <td>{score?.toFixed(1) ?? '–'}</td>
      <td>{kind === 'video' && reason ? words.reasons[reason] : '–'}</td>
      <td>{words.kbps(kbps)}</td>
      <td>{words.percent(loss)}</td>
      <td>{words.ms(jitter)}</td>
      <td>{codec || '–'}</td>
      <td>{kind === 'video' && direction === 'receive' ? freezes : '–'}</td>
    </tr>
  );
}

const nameOf = (room: Room, { participant }: PublicationStatistics): string =>
  participant === room.local.id ? room.local.name : (room.participants.get(participant)?.name ?? '');

function Copy({ room, measured }: { room: Room; measured: Measured }) {
  const { stage } = useWords();
  const words = stage.statistics;
  const [outcome, setOutcome] = useState('');
  useEffect(() => {
    if (!outcome) return;
    const timer = setTimeout(() => setOutcome(''), SHOWN_FOR);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(reportOf(room, measured));
      setOutcome(words.copied);
    } catch {
      setOutcome(words.notCopied);
    }
  };
  return (
    <>
      <span role="status" className={styles.outcome}>
        {outcome}
      </span>
      <Button look="plain" onClick={() => void copy()}>
        {words.copy}
      </Button>
    </>
  );
}

/** JSON, without anybody's name or words. */
function reportOf(room: Room, { now, history }: Measured): string {
  const statistics = { ...now, signalRtt: room.roundTripTime, publications: Object.fromEntries(now.publications) };
  const report = {
    time: new Date().toISOString(),
    browser: navigator.userAgent,
    room: room.debug(),
    people: room.participants.size + 1,
    statistics,
    history,
  };
  return JSON.stringify(report, (_, value) => (typeof value === 'number' ? Math.round(value * 1000) / 1000 : value), 1);
}
