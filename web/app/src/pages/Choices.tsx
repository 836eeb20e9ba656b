import { Languages, Monitor, Moon, Sun } from 'lucide-react';
import { LANGUAGES, type Language, useLanguage } from '../i18n/index.tsx';
import { IconButton } from '../parts/IconButton.tsx';
import { Menu, MenuRadioGroup } from '../parts/Menu.tsx';
import { remember, type Theme, usePrefs } from '../prefs.ts';

const SYSTEM = 'system';

/** Language and theme, as two small menus. */
export function Choices() {
  const { language, words, setLanguage } = useLanguage();
  const { theme } = usePrefs();
  const { pages } = words;
  return (
    <div>
      <Menu
        side="bottom"
        align="end"
        trigger={
          <IconButton label={pages.language} look="quiet" side="bottom">
            <Languages />
          </IconButton>
        }
      >
        <MenuRadioGroup
          label={pages.language}
          value={language}
          options={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
          onChange={(value) => setLanguage(value as Language)}
        />
      </Menu>
      <Menu
        side="bottom"
        align="end"
        trigger={
          <IconButton label={pages.theme.label} look="quiet" side="bottom">
            {theme === 'light' ? <Sun /> : theme === 'dark' ? <Moon /> : <Monitor />}
          </IconButton>
        }
      >
        <MenuRadioGroup
          label={pages.theme.label}
          value={theme ?? SYSTEM}
          options={[
            { value: SYSTEM, label: pages.theme.system },
            { value: 'light', label: pages.theme.light },
            { value: 'dark', label: pages.theme.dark },
          ]}
          onChange={(value) => remember({ theme: value === SYSTEM ? null : (value as Theme) })}
        />
      </Menu>
    </div>
  );
}
