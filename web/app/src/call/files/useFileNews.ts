import { useEffect } from 'react';
import type { Room } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { useToasts } from '../../parts/Toasts.tsx';

/** Says that somebody has shared a file, also where the chat is not open. */
export function useFileNews(room: Room): void {
  const { files } = useWords();
  const show = useToasts();
  useEffect(() => {
    const stop = new AbortController();
    room.addEventListener(
      'fileadded',
      ({ file }) => {
        if (file.sender !== room.local.id) show({ text: files.shared(file.senderName || files.server, file.name) });
      },
      { signal: stop.signal },
    );
    return () => stop.abort();
  }, [room, files, show]);
}
