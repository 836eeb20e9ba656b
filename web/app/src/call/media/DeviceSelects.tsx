import { Level } from '../../parts/Level.tsx';
import { DeviceSelect } from './DeviceSelect.tsx';
import styles from './Devices.module.css';
import type { OwnDevices } from './own.ts';
import { SpeakerTest } from './SpeakerTest.tsx';

/** Camera, microphone with its level, and loudspeaker with its test. */
export function DeviceSelects({ devices, hideLabels = false }: { devices: OwnDevices; hideLabels?: boolean }) {
  const { camera, microphone, speaker } = devices;
  return (
    <>
      <DeviceSelect kind="camera" device={camera} hideLabel={hideLabels} />
      <div className={styles.group}>
        <DeviceSelect kind="microphone" device={microphone} hideLabel={hideLabels} />
        <Level track={microphone.state === 'on' ? microphone.track : null} />
      </div>
      <div className={styles.beside}>
        <DeviceSelect
          kind="speaker"
          device={speaker.supported ? speaker : { ...speaker, available: [], deviceId: null }}
          hideLabel={hideLabels}
        />
        <SpeakerTest speakerId={speaker.deviceId} />
      </div>
    </>
  );
}
