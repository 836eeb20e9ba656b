import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { type DisplayShare, type Room, RoomError } from 'tertulia-client';
import { useWords } from '../i18n/index.tsx';
import { useToasts } from '../parts/Toasts.tsx';
import { useRoomValue } from './useRoomValue.ts';

export interface Share {
  /** False where the browser cannot, as on phones, or one may not. */
  readonly available: boolean;
  readonly state: 'off' | 'starting' | 'on';
  /** Starts or stops; while the browser's picker is open, nothing. */
  toggle(): void;
}

const supported = () => typeof navigator.mediaDevices?.getDisplayMedia === 'function';

/** One's own shared screen. It also ends by the browser's own button, by a moderator, and with the call. */
export function useShare(room: Room): Share {
  const { share: words, announce } = useWords().panels;
  const show = useToasts();
  const on = useRoomValue(room, ({ local }) => local?.publications.some(({ source }) => source === 'screen') ?? false);
  const muted = useRoomValue(room, ({ local }) =>
    (local?.publications ?? []).some((publication) => publication.source === 'screen' && publication.muted),
  );
  const allowed = useRoomValue(room, ({ rights }) => rights.includes('publish:screen'));
  const [starting, setStarting] = useState(false);
  const current = useRef<DisplayShare | null>(null);
  const call = useRef<AbortController | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    call.current = abort;
    return () => abort.abort();
  }, []);

  const stop = useCallback(() => void current.current?.stop().catch(() => undefined), []);
  // Who closes the tab with the slides in it may have meant another one; nobody else is asked.
  useEffect(() => {
    if (!on) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [on]);
  // Nobody but a moderator mutes a screen, and a share that nobody sees has no point.
  useEffect(() => {
    if (!muted) return;
    stop();
    show({ text: announce.shareStoppedBy });
  }, [muted, stop, show, announce]);

  const start = useCallback(async () => {
    const signal = call.current?.signal ?? null;
    setStarting(true);
    try {
      const share = await room.local.publishDisplay({ audio: true, signal });
      if (!share) return; // the picker was closed, as one may
      current.current = share;
      if (!share.audio) show({ text: `${words.noSound} ${words.noSoundHint}` });
    } catch (error) {
      if (!signal?.aborted)
        show({ text: error instanceof RoomError && error.code === 'insecure' ? words.insecure : words.failed });
    } finally {
      setStarting(false);
    }
  }, [room, show, words]);

  const state = on ? 'on' : starting ? 'starting' : 'off';
  const available = supported() && allowed;
  return useMemo(() => {
    const toggle = () => {
      if (state === 'on') stop();
      else if (state === 'off' && available) void start();
    };
    return { available, state, toggle };
  }, [available, state, start, stop]);
}
