import { useEffect, useRef } from 'react';
import { usePrefs } from '../prefs.ts';
import { chooseSpeaker } from './play.ts';

/** Plays one person's sound, outside any layout, by the speaker that this person has chosen. */
export function Sound({ stream }: { stream: MediaStream }) {
  const element = useRef<HTMLAudioElement>(null);
  const { speakerId } = usePrefs();
  useEffect(() => {
    const audio = element.current;
    if (!audio) return;
    const over = new AbortController();
    const next = { once: true, signal: over.signal };
    audio.srcObject = stream;
    // Where a browser waits for a gesture, the next one anywhere on the page starts the sound.
    const play = () => void audio.play().catch(() => document.addEventListener('pointerdown', play, next));
    play();
    return () => {
      over.abort();
      // What plays is never collected, nor is the page that it was taken out of.
      audio.srcObject = null;
    };
  }, [stream]);
  useEffect(() => {
    if (element.current) void chooseSpeaker(element.current, speakerId);
  }, [speakerId]);
  // biome-ignore lint/a11y/useMediaCaption: live speech of a call
  return <audio ref={element} autoPlay />;
}
