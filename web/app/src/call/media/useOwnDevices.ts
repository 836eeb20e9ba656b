import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useWords } from '../../i18n/index.tsx';
import { useAnnounce } from '../../parts/LiveRegion.tsx';
import { useToasts } from '../../parts/Toasts.tsx';
import { usePrefs } from '../../prefs.ts';
import { type DeviceNotice, OwnDevicesStore, type OwnedDevices } from './own-devices.ts';

/** One's own devices for as long as the calling component lives. Call it once: it owns them. */
export function useOwnDevices(): OwnedDevices {
  const { common, pages, panels } = useWords();
  const { assertive } = useAnnounce();
  const showToast = useToasts();
  const tell = useRef<(notice: DeviceNotice) => void>(() => undefined);
  useEffect(() => {
    tell.current = (notice) => {
      if (notice.type === 'new') {
        showToast({
          text: pages.devices.arrived(notice.label),
          action: { label: pages.devices.use, onPress: notice.use },
        });
        return;
      }
      if (notice.type === 'muted') {
        const text = notice.kind === 'microphone' ? panels.announce.microphoneMuted : panels.announce.cameraMuted;
        // Has to be noticed at once, by whatever sense.
        assertive(text);
        showToast({ text });
        return;
      }
      const what = common[notice.kind];
      if (notice.type === 'recovered') showToast({ text: pages.devices.recovered(what, notice.label) });
      else showToast({ text: `${common.deviceTitle[notice.problem](what)}. ${pages.devices.before}` });
    };
  });

  const [store] = useState(() => new OwnDevicesStore((notice) => tell.current(notice)));
  useEffect(() => store.start(), [store]);

  const { noiseSuppression } = usePrefs();
  const applied = useRef(noiseSuppression);
  useEffect(() => {
    if (applied.current === noiseSuppression) return;
    applied.current = noiseSuppression;
    store.reopenMicrophone();
  }, [store, noiseSuppression]);

  return useSyncExternalStore(store.subscribe, () => store.snapshot);
}
