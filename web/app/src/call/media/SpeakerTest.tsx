import { useState } from 'react';
import { useWords } from '../../i18n/index.tsx';
import { Button } from '../../parts/Button.tsx';
import { playChime } from '../../parts/play.ts';

/** Plays a short sound on the chosen loudspeaker. */
export function SpeakerTest({ speakerId }: { speakerId: string | null }) {
  const { devices } = useWords().pages;
  const [playing, setPlaying] = useState(false);
  const play = async () => {
    setPlaying(true);
    await playChime(speakerId);
    setPlaying(false);
  };
  return (
    <Button look="plain" disabled={playing} aria-label={devices.testSpeaker} onClick={() => void play()}>
      {playing ? devices.testing : devices.test}
    </Button>
  );
}
