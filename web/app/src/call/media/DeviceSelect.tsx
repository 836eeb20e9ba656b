import { Mic, Video, Volume2 } from 'lucide-react';
import { useWords } from '../../i18n/index.tsx';
import { Select } from '../../parts/Select.tsx';
import type { DeviceChoice, OwnDevice, Speaker } from './own.ts';

const ICONS = { camera: Video, microphone: Mic, speaker: Volume2 };

interface Props {
  kind: keyof typeof ICONS;
  device: Pick<OwnDevice | Speaker, 'deviceId' | 'available' | 'choose'>;
  hideLabel?: boolean;
}

/** Which camera, microphone or loudspeaker. */
export function DeviceSelect({ kind, device, hideLabel = false }: Props) {
  const { common, pages } = useWords();
  const Icon = ICONS[kind];
  const options = device.available.map(({ id, label }: DeviceChoice, index) => ({
    value: id,
    label: label || pages.devices.unnamed(index + 1),
  }));
  return (
    <Select
      label={common[kind]}
      hideLabel={hideLabel}
      icon={<Icon aria-hidden="true" />}
      value={device.deviceId ?? ''}
      disabled={options.length === 0}
      options={device.deviceId === null ? [{ value: '', label: pages.devices.standard }, ...options] : options}
      onChange={(id) => id && device.choose(id)}
    />
  );
}
