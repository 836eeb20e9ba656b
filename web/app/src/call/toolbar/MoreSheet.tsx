import { Ellipsis, Hand, Languages, LayoutGrid, ScreenShare, ScreenShareOff, Users } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { LANGUAGES, type Language, useLanguage, useWords } from '../../i18n/index.tsx';
import { Dialog } from '../../parts/Dialog.tsx';
import { Select } from '../../parts/Select.tsx';
import { useRoomValue } from '../useRoomValue.ts';
import { LAYOUTS, type Layout } from '../view.ts';
import styles from './MoreSheet.module.css';
import { ReactionRow } from './Reactions.tsx';
import { ToolButton } from './ToolButton.tsx';
import type { ToolbarProps } from './Toolbar.tsx';
import { useMore } from './useMore.tsx';

/** On a phone: what has no room in the toolbar comes up from below. */
export function MoreSheet(props: ToolbarProps) {
  const { toolbar } = useWords().panels;
  const [open, setOpen] = useState(false);
  const waiting = useRoomValue(props.room, ({ knocking }) => knocking.length);
  return (
    <>
      <ToolButton
        label={waiting > 0 ? `${toolbar.more}, ${toolbar.waiting(waiting)}` : toolbar.more}
        aria-haspopup="dialog"
        aria-expanded={open}
        badge={waiting || null}
        onClick={() => setOpen(true)}
      >
        <Ellipsis />
      </ToolButton>
      <Dialog open={open} onClose={() => setOpen(false)} title={toolbar.more}>
        <Content {...props} onDone={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function Content(props: ToolbarProps & { onDone: () => void }) {
  const { more, toolbar } = useWords().panels;
  const { language, setLanguage } = useLanguage();
  const { room, view, dispatch, share, actions, onDone } = props;
  const hand = useRoomValue(room, ({ local }) => (local?.hand ?? 0) > 0);
  const waiting = useRoomValue(room, ({ knocking }) => knocking.length);
  const mayWrite = useRoomValue(room, ({ rights }) => rights.includes('chat'));
  const groups = useMore(props);
  const done = (act: () => void) => () => {
    onDone();
    act();
  };
  return (
    <>
      {mayWrite && <ReactionRow onReact={actions.react} />}
      <ul className={styles.list}>
        <Item icon={<Hand />} label={hand ? toolbar.lower : toolbar.raise} onSelect={done(actions.hand)} />
        <Item icon={<Users />} label={toolbar.people} badge={waiting} onSelect={done(actions.people)} />
        {share.available && (
          <Item
            icon={share.state === 'on' ? <ScreenShareOff /> : <ScreenShare />}
            label={share.state === 'on' ? toolbar.stopShare : toolbar.share}
            onSelect={done(actions.share)}
          />
        )}
        {groups
          .flat()
          .filter(({ key }) => key !== 'shortcuts')
          .map(({ key, icon, label, onSelect }) => (
            <Item key={key} icon={icon} label={label} onSelect={done(onSelect)} />
          ))}
      </ul>
      <div className={styles.choices}>
        <Select
          label={more.layout}
          icon={<LayoutGrid />}
          value={view.layout}
          options={LAYOUTS.map((value) => ({ value, label: more[value] }))}
          onChange={(layout) => dispatch({ type: 'layout', layout: layout as Layout })}
        />
        <Select
          label={more.language}
          icon={<Languages />}
          value={language}
          options={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
          onChange={(value) => setLanguage(value as Language)}
        />
      </div>
    </>
  );
}

interface ItemProps {
  icon: ReactNode;
  label: string;
  badge?: number;
  onSelect: () => void;
}

const Item = ({ icon, label, badge = 0, onSelect }: ItemProps) => (
  <li>
    <button type="button" className={styles.item} onClick={onSelect}>
      {icon}
      {label}
      {badge > 0 && <span className={styles.badge}>{badge}</span>}
    </button>
  </li>
);
