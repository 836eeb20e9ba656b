import { useEffect } from 'react';
import type { Room } from 'tertulia-client';
import { useWords } from '../i18n/index.tsx';
import type { Reading } from './unread.ts';
import { useRoomValue } from './useRoomValue.ts';
import { useUnread } from './useUnread.ts';

/** The title of the page, which is what one sees of a call in another tab: who waits at the door, how much was written. */
export function Title({ room, reading }: { room: Room; reading: Reading }) {
  const { common, panels } = useWords();
  const unread = useUnread(room, reading);
  const waiting = useRoomValue(room, ({ knocking }) => knocking[0]?.name ?? null);
  useEffect(() => {
    const plain = `${room.name} · ${common.appName}`;
    const counted = unread > 0 ? panels.title.unread(unread, plain) : plain;
    document.title = waiting === null ? counted : panels.title.waiting(waiting, counted);
    return () => {
      document.title = plain;
    };
  }, [room, unread, waiting, common, panels]);
  return null;
}
