import { useEffect, useRef } from 'react';
import { words } from '../words.ts';
import styles from './Level.module.css';

const TICK = 100;

/** How loud a microphone is, written into a style ten times a second, past React. */
export function Level({ track }: { track: MediaStreamTrack }) {
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const context = new AudioContext();
    const source = context.createMediaStreamSource(new MediaStream([track]));
    const analyser = new AnalyserNode(context, { fftSize: 1024 });
    source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      // -60 dB is taken for silence, 0 dB is full.
      const level = Math.max(0, Math.min(1, 1 + (10 * Math.log10(power + 1e-9)) / 60));
      bar.current?.style.setProperty('--level', level.toFixed(2));
    }, TICK);
    return () => {
      clearInterval(timer);
      void context.close();
    };
  }, [track]);
  return <div ref={bar} className={styles.level} role="img" aria-label={words.level} />;
}
