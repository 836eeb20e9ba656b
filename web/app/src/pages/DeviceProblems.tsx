import { TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import type { OwnDevice } from '../call/media/own.ts';
import { useWords } from '../i18n/index.tsx';
import { Button } from '../parts/Button.tsx';
import styles from './DeviceProblems.module.css';
import { HowToAllow } from './HowToAllow.tsx';

interface Props {
  camera: OwnDevice;
  microphone: OwnDevice;
}

/** What is wrong with a device and what to do about it; an insecure page is said once. */
export function DeviceProblems({ camera, microphone }: Props) {
  const failed = [camera, microphone].filter((device) => device.state === 'failed');
  const insecure = failed.some(({ problem }) => problem === 'insecure');
  return (
    <div role="status" className={styles.problems}>
      {(insecure ? failed.slice(0, 1) : failed).map((device) => (
        <Problem key={device.kind} device={device} />
      ))}
    </div>
  );
}

function Problem({ device: { kind, problem, toggle } }: { device: OwnDevice }) {
  const { common, pages } = useWords();
  const [helping, setHelping] = useState(false);
  if (problem === null) return null;
  const what = common[kind];
  return (
    <div className={styles.problem}>
      <TriangleAlert aria-hidden="true" />
      <div>
        <p className={styles.title}>{common.deviceTitle[problem](what)}</p>
        <p>
          {common.deviceHint[problem]} {pages.prejoin.joinAnyway}
        </p>
        <div className={styles.ways}>
          {problem === 'denied' && (
            <Button look="quiet" onClick={() => setHelping(true)}>
              {pages.prejoin.howToAllow}
            </Button>
          )}
          {problem !== 'insecure' && (
            <Button look="quiet" onClick={toggle}>
              {common.tryAgain}
            </Button>
          )}
        </div>
      </div>
      <HowToAllow open={helping} onClose={() => setHelping(false)} what={what} onRetry={toggle} />
    </div>
  );
}
