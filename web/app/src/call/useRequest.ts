import { useCallback, useState } from 'react';
import { RoomError } from 'tertulia-client';
import { useWords } from '../i18n/index.tsx';
import { useToasts } from '../parts/Toasts.tsx';

export interface Requests {
  /** An answer is awaited. */
  busy: boolean;
  /** Asks the room for something. A refusal is shown; false then. Never rejects. */
  request(ask: () => Promise<unknown>): Promise<boolean>;
}

/** For what the server may refuse. */
export function useRequest(): Requests {
  const { failed } = useWords().panels;
  const show = useToasts();
  const [pending, setPending] = useState(0);
  const request = useCallback(
    async (ask: () => Promise<unknown>) => {
      setPending((count) => count + 1);
      try {
        await ask();
        return true;
      } catch (error) {
        const why = error instanceof RoomError ? failed.code[error.code] : undefined;
        show({ text: `${failed.title} ${why ?? failed.fallback}` });
        return false;
      } finally {
        setPending((count) => count - 1);
      }
    },
    [failed, show],
  );
  return { busy: pending > 0, request };
}
