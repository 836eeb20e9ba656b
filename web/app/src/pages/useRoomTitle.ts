import { useEffect } from 'react';
import { useWords } from '../i18n/index.tsx';
import type { Stage } from './RoomPage.tsx';

/** The tab says which room it is, that one waits, and that one was let in while looking elsewhere. In the call the page itself goes on. */
export function useRoomTitle(room: string, stage: Stage): void {
  const { common, pages } = useWords();
  const base = `${room} · ${common.appName}`;
  const waiting = stage.is === 'prejoin' && stage.entry === 'waiting';
  const admitted = stage.is === 'call' && stage.waited;

  useEffect(() => {
    document.title = waiting ? pages.prejoin.waitingTitle(base) : base;
    return () => {
      document.title = base;
    };
  }, [waiting, base, pages]);

  useEffect(() => {
    if (!admitted || !document.hidden) return;
    document.title = pages.prejoin.admittedTitle(base);
    const back = () => {
      document.title = base;
    };
    document.addEventListener('visibilitychange', back, { once: true });
    return () => document.removeEventListener('visibilitychange', back);
  }, [admitted, base, pages]);
}
