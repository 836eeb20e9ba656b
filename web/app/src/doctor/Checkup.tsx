import { useEffect, useState } from 'react';
import { useWords } from '../i18n/index.tsx';
import { Button } from '../parts/Button.tsx';
import styles from './Checkup.module.css';
import type { Target } from './target.ts';

/** Loaded when it is needed, and once a call stands: when the server is away it cannot be had any more. */
export const loadDoctor = () => import('./Doctor.tsx');
type DoctorPart = Awaited<ReturnType<typeof loadDoctor>>['Doctor'];

/** “Can I connect?”, wherever somebody asks. */
export function Checkup(target: Target) {
  const { common, pages } = useWords();
  const [Doctor, setDoctor] = useState<{ is: DoctorPart } | 'loading' | 'failed'>('loading');
  useEffect(() => {
    if (Doctor !== 'loading') return;
    let gone = false;
    const show = (next: { is: DoctorPart } | 'failed') => gone || setDoctor(next);
    loadDoctor().then(
      (loaded) => show({ is: loaded.Doctor }),
      () => show('failed'),
    );
    return () => {
      gone = true;
    };
  }, [Doctor]);
  if (Doctor === 'loading') return <p role="status">{common.starting}</p>;
  if (Doctor !== 'failed') return <Doctor.is target={target} />;
  return (
    <div className={styles.failed}>
      <p role="alert">{pages.doctor.notLoaded}</p>
      <Button look="plain" onClick={() => setDoctor('loading')}>
        {common.tryAgain}
      </Button>
    </div>
  );
}
