import {
  ChartNoAxesColumn,
  Eye,
  EyeOff,
  Keyboard,
  Link,
  Maximize,
  Minimize,
  NotebookPen,
  PenTool,
  PictureInPicture2,
  PinOff,
  Settings,
  UserPlus,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { useWords } from '../../i18n/index.tsx';
import { useToasts } from '../../parts/Toasts.tsx';
import type { ShortcutName } from '../shortcuts.ts';
import { TIGHT, useMedia } from '../useMedia.ts';
import type { ToolbarProps } from './Toolbar.tsx';

export interface MoreItem {
  key: string;
  icon: ReactNode;
  label: string;
  shortcut?: ShortcutName;
  onSelect: () => void;
}

/** What the menu "More" offers, in groups; the menu of a desk and the sheet of a phone show the same. */
export function useMore(props: ToolbarProps): MoreItem[][] {
  const { panels, documents } = useWords();
  const { more, invite } = panels;
  const tight = useMedia(TIGHT);
  const show = useToasts();
  const { view, dispatch, board, onBoard, fullScreen, pictureInPicture, onDialog, onCopyLink } = props;
  const copyLink = async () => {
    if (await onCopyLink()) show({ text: invite.copied });
  };
  const looks: (MoreItem | false)[] = [
    view.pin !== null && {
      key: 'unpin',
      icon: <PinOff />,
      label: more.unpin,
      onSelect: () => dispatch({ type: 'unpin' }),
    },
    {
      key: 'self',
      icon: view.hideSelf ? <Eye /> : <EyeOff />,
      label: view.hideSelf ? more.showSelf : more.hideSelf,
      onSelect: () => dispatch({ type: 'hide-self', hidden: !view.hideSelf }),
    },
    fullScreen.supported && {
      key: 'full-screen',
      icon: fullScreen.active ? <Minimize /> : <Maximize />,
      label: fullScreen.active ? more.exitFullScreen : more.fullScreen,
      shortcut: 'fullScreen',
      onSelect: fullScreen.toggle,
    },
    pictureInPicture.supported && {
      key: 'picture-in-picture',
      icon: <PictureInPicture2 />,
      label: pictureInPicture.active ? more.exitPictureInPicture : more.pictureInPicture,
      onSelect: pictureInPicture.toggle,
    },
  ];
  // Where the toolbar has room they stand there.
  const together: MoreItem[] = [
    {
      key: 'board',
      icon: <PenTool />,
      label: board ? documents.board.close : documents.board.title,
      onSelect: onBoard,
    },
    {
      key: 'notes',
      icon: <NotebookPen />,
      label: documents.notes.title,
      onSelect: () => dispatch({ type: 'panel', panel: 'notes' }),
    },
  ];
  return [
    ...(tight ? [together] : []),
    looks.filter((item) => item !== false),
    [
      { key: 'invite', icon: <UserPlus />, label: more.invite, onSelect: () => onDialog('invite') },
      { key: 'copy-link', icon: <Link />, label: more.copyLink, onSelect: () => void copyLink() },
    ],
    [
      {
        key: 'statistics',
        icon: <ChartNoAxesColumn />,
        label: more.statistics,
        onSelect: () => onDialog('statistics'),
      },
      { key: 'settings', icon: <Settings />, label: more.settings, onSelect: () => onDialog('settings') },
      {
        key: 'shortcuts',
        icon: <Keyboard />,
        label: more.shortcuts,
        shortcut: 'help',
        onSelect: () => onDialog('shortcuts'),
      },
    ],
  ];
}
