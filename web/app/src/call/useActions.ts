import type { Dispatch, RefObject } from 'react';
import type { Room } from 'tertulia-client';
import type { OwnDevices } from './media/own.ts';
import type { Toggle } from './stage/useFullScreen.ts';
import { useRequest } from './useRequest.ts';
import type { Share } from './useShare.ts';
import type { ShortcutActions } from './useShortcuts.ts';
import { LAYOUTS, type View, type ViewAction } from './view.ts';

interface Parts {
  room: Room;
  devices: OwnDevices;
  share: Share;
  view: View;
  dispatch: Dispatch<ViewAction>;
  fullScreen: Toggle;
  toolbar: RefObject<HTMLDivElement | null>;
  onHelp: () => void;
}

/** What buttons and keys do; what one may not do, or the browser cannot, does nothing. */
export function useActions({
  room,
  devices,
  share,
  view,
  dispatch,
  fullScreen,
  toolbar,
  onHelp,
}: Parts): ShortcutActions {
  const { request } = useRequest();
  return {
    microphone: () => room.can('publish:microphone') && devices.microphone.toggle(),
    camera: () => room.can('publish:camera') && devices.camera.toggle(),
    share: share.toggle,
    hand: () => void request(() => room.raiseHand(room.local.hand === 0)),
    chat: () => dispatch({ type: 'panel', panel: 'chat' }),
    people: () => dispatch({ type: 'panel', panel: 'people' }),
    layout: () => {
      const next = LAYOUTS[(LAYOUTS.indexOf(view.layout) + 1) % LAYOUTS.length];
      if (next) dispatch({ type: 'layout', layout: next });
    },
    fullScreen: () => fullScreen.supported && fullScreen.toggle(),
    toolbar: () => focusToolbar(toolbar.current),
    help: onHelp,
    close: () => dispatch({ type: 'close-panel' }),
    react: (reaction) => room.can('chat') && void request(() => room.react(reaction)),
  };
}

/** To the toolbar, and from there back to the stage. */
function focusToolbar(toolbar: HTMLElement | null): void {
  const tile = document.querySelector<HTMLElement>('[data-tile][tabindex="0"]');
  if (toolbar?.contains(document.activeElement)) tile?.focus();
  else toolbar?.focus();
}
