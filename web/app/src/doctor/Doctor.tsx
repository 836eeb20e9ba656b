import { CircleAlert, CircleCheck, CircleDashed, CircleX, LoaderCircle } from 'lucide-react';
import { useEffect, useState } from 'react';
import { copy } from '../call/links.ts';
import { Button } from '../parts/Button.tsx';
import type { Check, CheckState } from './check.ts';
import styles from './Doctor.module.css';
import type { Findings } from './examine.ts';
import { reportOf } from './report.ts';
import type { Target } from './target.ts';
import { useDoctor } from './useDoctor.ts';
import { type Verdict, verdictOf } from './verdict.ts';
import { meaningOf, useDoctorWords } from './words.ts';

const SHOWN_FOR = 2500;

/** “Can I connect?”: tries every road to the server and says in plain words what works. */
export function Doctor({ target }: { target: Target }) {
  const words = useDoctorWords();
  const { findings, again, tryDevices } = useDoctor(target, words.visitor);
  const verdict = verdictOf(findings.checks);
  const busy = verdict === 'checking' || findings.checks.some(({ state }) => state === 'running');
  const unasked = findings.checks.some(({ id, state }) => DEVICES.has(id) && state === 'skipped');
  return (
    <div className={styles.doctor}>
      <p className={styles.lead}>{words.lead}</p>
      <Summary verdict={verdict} findings={findings} />
      <ul className={styles.checks} aria-label={words.list} aria-busy={busy}>
        {findings.checks.map((check) => (
          <Line key={check.id} check={check} />
        ))}
      </ul>
      {unasked && !busy && (
        <div className={styles.more}>
          <Button look="plain" onClick={() => void tryDevices()}>
            {words.tryDevices}
          </Button>
          <p>{words.tryDevicesHint}</p>
        </div>
      )}
      <div className={styles.actions}>
        <Button look="plain" disabled={busy} onClick={again}>
          {words.again}
        </Button>
        <Copy findings={findings} disabled={busy} />
      </div>
    </div>
  );
}

const DEVICES: ReadonlySet<string> = new Set(['camera', 'microphone']);

const LOOKS: Record<Verdict, CheckState> = {
  checking: 'running',
  udp: 'ok',
  tcp: 'warning',
  tls: 'warning',
  partly: 'warning',
  unknown: 'skipped',
  blocked: 'failed',
  'no-socket': 'failed',
  'no-server': 'failed',
  'no-webrtc': 'failed',
};

function Summary({ verdict, findings: { servers } }: { verdict: Verdict; findings: Findings }) {
  const words = useDoctorWords();
  const { title, text } = words.verdict[verdict];
  const look = LOOKS[verdict];
  return (
    <div role="status" className={`${styles.summary} ${styles[look]}`} data-verdict={verdict}>
      <Sign state={look} />
      <div>
        <p className={styles.title}>{title}</p>
        <p>{text(words.open(servers.udp, servers.tcp))}</p>
      </div>
    </div>
  );
}

function Line({ check }: { check: Check }) {
  const words = useDoctorWords();
  const { id, state } = check;
  const meaning = meaningOf(check, words);
  return (
    <li className={`${styles.check} ${styles[state]}`} data-check={id} data-state={state}>
      <Sign state={state} />
      <div>
        <p className={styles.name}>
          {words.name[id]} <span className={styles.state}>{words.state[state]}</span>
        </p>
        {meaning && <p className={styles.meaning}>{meaning}</p>}
      </div>
    </li>
  );
}

function Sign({ state }: { state: CheckState }) {
  switch (state) {
    case 'ok':
      return <CircleCheck aria-hidden="true" />;
    case 'warning':
      return <CircleAlert aria-hidden="true" />;
    case 'failed':
      return <CircleX aria-hidden="true" />;
    case 'running':
      return <LoaderCircle className={styles.turning} aria-hidden="true" />;
    default:
      return <CircleDashed aria-hidden="true" />;
  }
}

function Copy({ findings, disabled }: { findings: Findings; disabled: boolean }) {
  const words = useDoctorWords();
  const [outcome, setOutcome] = useState('');
  useEffect(() => {
    if (!outcome) return;
    const timer = setTimeout(() => setOutcome(''), SHOWN_FOR);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copyReport = async () => {
    // Not the address of this page: who knows the name of an open room can enter it.
    const report = reportOf(findings, { page: document.baseURI, browser: navigator.userAgent, at: new Date() });
    setOutcome((await copy(report)) ? words.copied : words.notCopied);
  };
  return (
    <>
      <Button disabled={disabled} aria-describedby="report-hint" onClick={() => void copyReport()}>
        {words.copy}
      </Button>
      <span role="status" className={styles.outcome}>
        {outcome}
      </span>
      <p id="report-hint" className={styles.hint}>
        {words.copyHint}
      </p>
    </>
  );
}
