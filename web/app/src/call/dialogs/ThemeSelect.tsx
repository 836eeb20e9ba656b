import { SunMoon } from 'lucide-react';
import { useWords } from '../../i18n/index.tsx';
import { Select } from '../../parts/Select.tsx';
import { remember, type Theme, usePrefs } from '../../prefs.ts';

const SYSTEM = 'system';

export function ThemeSelect() {
  const words = useWords().pages.theme;
  const { theme } = usePrefs();
  return (
    <Select
      label={words.label}
      icon={<SunMoon aria-hidden="true" />}
      value={theme ?? SYSTEM}
      options={[
        { value: SYSTEM, label: words.system },
        { value: 'light', label: words.light },
        { value: 'dark', label: words.dark },
      ]}
      onChange={(value) => remember({ theme: value === SYSTEM ? null : (value as Theme) })}
    />
  );
}
