import { Link, Mic, MicOff, PhoneOff, Video as VideoIcon, VideoOff } from 'lucide-react';
import { useState } from 'react';
import { RoundButton } from '../parts/RoundButton.tsx';
import { words } from '../words.ts';
import styles from './Toolbar.module.css';

export interface Switch {
  on: boolean;
  busy: boolean;
  toggle: () => void;
}

interface Props {
  camera: Switch;
  microphone: Switch;
  /** The link that lets others in. */
  link: () => Promise<string>;
  onLeave: () => void;
}

const SHOWN_FOR = 2500;

/** The bar at the bottom; Leave stands apart from the rest. */
export function Toolbar({ camera, microphone, link, onLeave }: Props) {
  return (
    <div role="toolbar" aria-label={words.controls} className={styles.bar}>
      <CopyLink link={link} />
      <div className={styles.middle}>
        <RoundButton
          label={microphone.on ? words.microphoneOff : words.microphoneOn}
          look={microphone.on ? 'neutral' : 'off'}
          disabled={microphone.busy}
          onClick={microphone.toggle}
        >
          {microphone.on ? <Mic /> : <MicOff />}
        </RoundButton>
        <RoundButton
          label={camera.on ? words.cameraOff : words.cameraOn}
          look={camera.on ? 'neutral' : 'off'}
          disabled={camera.busy}
          onClick={camera.toggle}
        >
          {camera.on ? <VideoIcon /> : <VideoOff />}
        </RoundButton>
      </div>
      <RoundButton label={words.leave} look="danger" onClick={onLeave}>
        <PhoneOff />
      </RoundButton>
    </div>
  );
}

function CopyLink({ link }: Pick<Props, 'link'>) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(await link());
    setCopied(true);
    setTimeout(() => setCopied(false), SHOWN_FOR);
  };
  return (
    <div className={styles.copy}>
      <RoundButton label={words.copyLink} onClick={() => void copy()}>
        <Link />
      </RoundButton>
      <span role="status" className={styles.copied}>
        {copied ? words.copied : ''}
      </span>
    </div>
  );
}
