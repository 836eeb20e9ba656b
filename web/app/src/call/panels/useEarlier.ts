import { useCallback, useEffect, useMemo, useState } from 'react';
import type { Message, Room } from 'tertulia-client';

/** As many as a newcomer is shown: where the room shows fewer, nothing was said before. */
const SHOWN = 100;
const PAGE = 50;

interface Earlier {
  /** Up to where the room's own began when the last page came, and those with it. */
  messages: readonly Message[];
  state: 'unknown' | 'idle' | 'loading' | 'failed' | 'all';
}

/**
 * The room's messages and, page by page, what was said before them. Once what is between was let go, it begins anew. `privately`: what
 * was said to one person, of which the room shows a newcomer nothing.
 */
export function useEarlier(room: Room, messages: readonly Message[], privately: boolean) {
  const [earlier, setEarlier] = useState<Earlier>({ messages: [], state: 'unknown' });
  const all = useMemo(() => joined(earlier.messages, messages), [earlier.messages, messages]);
  const [short] = useState(messages.length < SHOWN);
  const state = earlier.state !== 'unknown' ? earlier.state : short && !privately ? 'all' : 'idle';
  const load = useCallback(async () => {
    setEarlier((before) => ({ ...before, state: 'loading' }));
    try {
      // Private messages may lie between those that the room has shown.
      const before = privately && earlier.messages.length === 0 ? undefined : all[0]?.number;
      const page = await room.chat.history({ limit: PAGE, ...(before !== undefined && { before }) });
      setEarlier({ messages: together(page.messages, all), state: page.more ? 'idle' : 'all' });
    } catch {
      setEarlier((before) => ({ ...before, state: 'failed' }));
    }
  }, [room, all, privately, earlier.messages]);
  useEffect(() => {
    const stop = new AbortController();
    const put = (change: (messages: readonly Message[]) => readonly Message[]) =>
      setEarlier((before) => ({ ...before, messages: change(before.messages) }));
    room.addEventListener('chatchange', ({ message }) => put((all) => withChange(all, message)), stop);
    room.addEventListener('chatcleared', ({ number }) => put((all) => all.filter((it) => it.number > number)), stop);
    return () => stop.abort();
  }, [room]);
  return { all, state, load };
}

/** Exported for its test: the same list where the message is not in it. */
export function withChange(messages: readonly Message[], changed: Message): readonly Message[] {
  const at = messages.findIndex(({ id }) => id === changed.id);
  return at < 0 ? messages : messages.with(at, changed);
}

/** Exported for its test. */
export function joined(earlier: readonly Message[], messages: readonly Message[]): readonly Message[] {
  const last = earlier.at(-1);
  const first = messages[0];
  if (!last || !first || first.number > last.number) return messages;
  // Of what both have the room's own is as it is now.
  const own = new Map(messages.map((message) => [message.id, message]));
  return together(
    earlier.map((message) => own.get(message.id) ?? message),
    messages.filter(({ number }) => number > last.number),
  );
}

/** Both, each once, in the order of their numbers. */
function together(some: readonly Message[], others: readonly Message[]): readonly Message[] {
  const all = new Map([...some, ...others].map((message) => [message.id, message]));
  return [...all.values()].sort((one, other) => one.number - other.number);
}
