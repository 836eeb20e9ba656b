import { ChevronUp, LoaderCircle, Mic, MicOff, Settings, Video, VideoOff } from 'lucide-react';
import { useWords } from '../../i18n/index.tsx';
import { Menu, MenuItem, MenuLabel, MenuRadioGroup, MenuSeparator } from '../../parts/Menu.tsx';
import type { DeviceChoice, OwnDevice, Speaker } from '../media/own.ts';
import { ToolButton } from './ToolButton.tsx';
import styles from './Toolbar.module.css';

interface Props {
  device: OwnDevice;
  /** Beside the microphone: where one hears the others. */
  speaker?: Speaker;
  /** Without the choice of devices, where there is no room for it. */
  bare?: boolean;
  onSettings: () => void;
}

/** Microphone or camera on and off, and beside it which one. */
export function DeviceButton({ device, speaker, bare = false, onSettings }: Props) {
  const { toolbar } = useWords().panels;
  if (bare) return <Switch device={device} />;
  return (
    <div className={styles.split}>
      <Switch device={device} />
      <Menu
        trigger={
          <ToolButton label={device.kind === 'microphone' ? toolbar.microphoneMenu : toolbar.cameraMenu}>
            <ChevronUp />
          </ToolButton>
        }
      >
        <Choice
          label={device.kind}
          value={device.deviceId ?? device.track?.getSettings().deviceId ?? null}
          available={device.available}
          onChoose={device.choose}
        />
        {speaker?.supported && (
          <>
            <MenuSeparator />
            <Choice
              label="speaker"
              value={speaker.deviceId ?? 'default'}
              available={speaker.available}
              onChoose={speaker.choose}
            />
          </>
        )}
        <MenuSeparator />
        <SettingsItem onSelect={onSettings} />
      </Menu>
    </div>
  );
}

const ICONS = {
  microphone: { on: <Mic />, off: <MicOff /> },
  camera: { on: <Video />, off: <VideoOff /> },
};

function Switch({ device }: { device: OwnDevice }) {
  const { common } = useWords();
  const { kind, state } = device;
  const starting = state === 'starting';
  const active = state === 'on' || starting;
  return (
    <ToolButton
      label={common[`${kind}${active ? 'Off' : 'On'}`]}
      shortcut={kind}
      look={active ? 'neutral' : 'off'}
      aria-busy={starting}
      badge={state === 'failed' ? '!' : null}
      onClick={device.toggle}
    >
      {starting ? <LoaderCircle className={styles.busy} /> : ICONS[kind][active ? 'on' : 'off']}
    </ToolButton>
  );
}

interface ChoiceProps {
  label: 'camera' | 'microphone' | 'speaker';
  value: string | null;
  available: readonly DeviceChoice[];
  onChoose: (id: string) => void;
}

function Choice({ label, value, available, onChoose }: ChoiceProps) {
  const { common, panels } = useWords();
  if (available.length === 0)
    return (
      <MenuLabel>
        {common[label]}: {panels.toolbar.noDevices}
      </MenuLabel>
    );
  return (
    <MenuRadioGroup
      label={common[label]}
      value={value ?? ''}
      options={available.map(({ id, label: name }, index) => ({
        value: id,
        label: name || panels.toolbar.unnamed(index + 1),
      }))}
      onChange={onChoose}
    />
  );
}

function SettingsItem({ onSelect }: { onSelect: () => void }) {
  const { more } = useWords().panels;
  return (
    <MenuItem icon={<Settings />} onSelect={onSelect}>
      {more.settings}
    </MenuItem>
  );
}
