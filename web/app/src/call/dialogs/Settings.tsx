import { useState } from 'react';
import { useWords } from '../../i18n/index.tsx';
import { Dialog } from '../../parts/Dialog.tsx';
import { Switch } from '../../parts/Switch.tsx';
import { Tabs } from '../../parts/Tabs.tsx';
import { remember, usePrefs } from '../../prefs.ts';
import { DeviceSelects } from '../media/DeviceSelects.tsx';
import type { OwnDevices } from '../media/own.ts';
import { LanguageSelect } from './LanguageSelect.tsx';
import { ThemeSelect } from './ThemeSelect.tsx';

interface Props {
  open: boolean;
  onClose: () => void;
  devices: OwnDevices;
}

export function Settings({ open, onClose, devices }: Props) {
  const { settings } = useWords().pages;
  const [tab, setTab] = useState('media');
  return (
    <Dialog open={open} onClose={onClose} title={settings.title}>
      <Tabs
        label={settings.tabs}
        value={tab}
        onChange={setTab}
        tabs={[
          { value: 'media', label: settings.media, content: <Media devices={devices} /> },
          { value: 'general', label: settings.general, content: <General /> },
        ]}
      />
    </Dialog>
  );
}

function Media({ devices }: { devices: OwnDevices }) {
  const { settings } = useWords().pages;
  const { noiseSuppression, hideSelf } = usePrefs();
  return (
    <>
      <DeviceSelects devices={devices} />
      <Switch
        label={settings.noiseSuppression}
        hint={settings.noiseSuppressionHint}
        checked={noiseSuppression}
        onChange={(on) => remember({ noiseSuppression: on })}
      />
      <Switch
        label={settings.hideSelf}
        hint={settings.hideSelfHint}
        checked={hideSelf}
        onChange={(hidden) => remember({ hideSelf: hidden })}
      />
    </>
  );
}

function General() {
  const { settings } = useWords().pages;
  const { shortcuts } = usePrefs();
  return (
    <>
      <LanguageSelect />
      <ThemeSelect />
      <Switch
        label={settings.shortcuts}
        hint={settings.shortcutsHint}
        checked={shortcuts}
        onChange={(on) => remember({ shortcuts: on })}
      />
    </>
  );
}
