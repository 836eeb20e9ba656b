import { Ellipsis, Languages, LayoutGrid } from 'lucide-react';
import { Fragment } from 'react';
import { LANGUAGES, type Language, useLanguage, useWords } from '../../i18n/index.tsx';
import { Menu, MenuItem, MenuRadioGroup, MenuSeparator, Submenu } from '../../parts/Menu.tsx';
import { usePrefs } from '../../prefs.ts';
import { keyOf } from '../shortcuts.ts';
import { LAYOUTS, type Layout } from '../view.ts';
import { ToolButton } from './ToolButton.tsx';
import type { ToolbarProps } from './Toolbar.tsx';
import { useMore } from './useMore.tsx';

/** Everything that is not needed at every moment. */
export function MoreMenu(props: ToolbarProps) {
  const { toolbar } = useWords().panels;
  return (
    <Menu
      trigger={
        <ToolButton label={toolbar.more}>
          <Ellipsis />
        </ToolButton>
      }
    >
      <Items {...props} />
    </Menu>
  );
}

function Items(props: ToolbarProps) {
  const { more } = useWords().panels;
  const { language, setLanguage } = useLanguage();
  const { shortcuts } = usePrefs();
  const groups = useMore(props);
  return (
    <>
      <Submenu label={more.layout} icon={<LayoutGrid />}>
        <MenuRadioGroup
          label={more.layout}
          labelled={false}
          value={props.view.layout}
          options={LAYOUTS.map((value) => ({ value, label: more[value] }))}
          onChange={(layout) => props.dispatch({ type: 'layout', layout: layout as Layout })}
        />
      </Submenu>
      {groups.map((group) => (
        <Fragment key={group[0]?.key}>
          {group.map(({ key, icon, label, shortcut, onSelect }) => (
            <MenuItem
              key={key}
              icon={icon}
              shortcut={shortcut && shortcuts ? keyOf(shortcut) : undefined}
              onSelect={onSelect}
            >
              {label}
            </MenuItem>
          ))}
          <MenuSeparator />
        </Fragment>
      ))}
      <Submenu label={more.language} icon={<Languages />}>
        <MenuRadioGroup
          label={more.language}
          labelled={false}
          value={language}
          options={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
          onChange={(value) => setLanguage(value as Language)}
        />
      </Submenu>
    </>
  );
}
