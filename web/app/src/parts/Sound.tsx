import { useEffect, useRef } from 'react';

/** Plays one person's sound, outside any layout. */
export function Sound({ stream }: { stream: MediaStream }) {
  const element = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    const audio = element.current;
    if (!audio) return;
    audio.srcObject = stream;
    // Where a browser waits for a gesture, the next one anywhere on the page starts the sound.
    const play = () => void audio.play().catch(() => document.addEventListener('pointerdown', play, { once: true }));
    play();
    return () => document.removeEventListener('pointerdown', play);
  }, [stream]);
  // biome-ignore lint/a11y/useMediaCaption: live speech of a call
  return <audio ref={element} autoPlay />;
}
