import { AsyncQueue } from '../common/async-queue.js';
import { RoomError } from '../common/room-error.js';
import type { RequestBody } from '../signal/signal-manager.js';
import type {
  ChatChanged,
  ChatCleared,
  ChatMessage,
  ChatReceived,
  Joined,
  ReadMark,
  ReadMarksShown,
  TypingShown,
} from '../wire/generated.js';
import type { CallOptions, RoomContext } from './context.js';
import type { Message, RoomEvents } from './room-events.js';

const KEPT = 500;
/** Messages that are asked for at a time, after coming back. */
const PAGE = 100;
/** Milliseconds: the server takes somebody for writing twice as long. */
const TYPING_EVERY = 3000;

/** Which messages of the past. */
export interface HistoryOptions extends CallOptions {
  /** Those with lower numbers than this, the nearest ones; left out: the last ones. */
  before?: number;
  /** How many, at most 100. */
  limit?: number;
  /** Only those that have all of these words in them, whatever their case. */
  words?: string;
}

/** A part of what was said. */
export interface History {
  /** Oldest first. */
  readonly messages: readonly Message[];
  /** There are older ones. */
  readonly more: boolean;
}

/**
 * The room's chat. Called, it gives the messages as an async iterator: the last ones before this page came and those that it has seen, then
 * each new one, until `signal` is aborted or the room is closed (both end the loop without an error). Who reads too slowly misses the oldest.
 *
 * What changes something resolves when the server has kept it; over a lost connection it waits, and nothing is said or done twice. It rejects
 * with RoomError: `no_such_message` where there is none with this id, or it was deleted; `store_failed` where it cannot be kept.
 */
export interface Chat {
  (options?: CallOptions): AsyncIterableIterator<Message>;
  /** To everyone, or `to` one person. It comes back as a message, so that all have one order. */
  send(text: string, options?: CallOptions & { to?: string | null }): Promise<void>;
  /** Gives one of one's own messages another text. Rejects also with `not_allowed`. */
  edit(message: string, text: string, options?: CallOptions): Promise<void>;
  /** One's own; a moderator anybody's. A mark is left in its place. Rejects also with `not_allowed`. */
  delete(message: string, options?: CallOptions): Promise<void>;
  /** Puts a sign of 16 characters at most under a message, or takes one's own away. Rejects also with `invalid` where there are too many. */
  react(message: string, reaction: string, options?: CallOptions & { on?: boolean }): Promise<void>;
  /** Call it whenever something is typed: the others are told now and then, until a few seconds after the last time. Never fails. */
  typing(options?: { to?: string | null; active?: boolean }): void;
  /** The message of this number has been read, and all before it. Call it as often as you like; never fails. */
  read(number: number): void;
  /** What was said before, also before this page came. Rejects with RoomError. */
  history(options?: HistoryOptions): Promise<History>;
  /** The last 500, oldest first, as they are now. The array is replaced, not changed. */
  readonly messages: readonly Message[];
  /** Ids of who writes something to everybody now, ten at most. The array is replaced, not changed. */
  readonly typists: readonly string[];
  /** Ids of who writes something to oneself alone now. */
  readonly privateTypists: readonly string[];
  /** How far people have read, by id: the number of a message. The map is replaced, not changed. */
  readonly readMarks: ReadonlyMap<string, number>;
}

/** What the room tells its chat. */
export interface ChatInput {
  handleMessage(message: ChatReceived | ChatChanged | ChatCleared | TypingShown | ReadMarksShown): void;
  /** After joining. `again`: the page was there before, and may have missed more than what this shows. */
  handleJoined(joined: Joined, again: boolean): void;
  handleClosed(): void;
}

/** What chat needs of its room; `emit` tells what happens while the page is in the room, in its order. */
export interface ChatPorts extends Pick<RoomContext, 'clock' | 'request' | 'changed' | 'untilConnected'> {
  emit<K extends 'chat' | 'chatchange' | 'chatcleared'>(type: K, fields: RoomEvents[K]): void;
  /** One's own id. */
  self(): string;
}

export function createChat(room: ChatPorts): { chat: Chat; input: ChatInput } {
  let messages: readonly Message[] = [];
  let typists: readonly string[] = [];
  let privateTypists: readonly string[] = [];
  let readMarks: ReadonlyMap<string, number> = new Map();
  let closed = false;
  /** All that happened up to this number is known, whether it was said or changed. */
  let seen = 0;
  let cleared = 0;
  /** Not null: what was missed is being asked for, and what comes meanwhile waits behind it. */
  let behind: ChatMessage[] | null = null;
  let typed: { at: number; to: string | null } | null = null;
  const read = { number: 0, told: 0, telling: false };
  const readers = new Set<AsyncQueue<Message>>();

  const iterate = ({ signal = null }: CallOptions = {}): AsyncIterableIterator<Message> => {
    const queue = new AsyncQueue<Message>({ limit: KEPT, signal, ended: (ended) => readers.delete(ended) });
    for (const message of messages) queue.push(message);
    if (closed) queue.end();
    else if (!signal?.aborted) readers.add(queue);
    return queue;
  };

  /** Messages as they are now: new ones, and such as have become different. */
  const take = (more: readonly ChatMessage[], tell: boolean) => {
    const next = [...messages];
    const places = new Map(next.map(({ id }, index) => [id, index]));
    const last = next.at(-1)?.number ?? 0;
    const added: Message[] = [];
    const altered: Message[] = [];
    for (const message of more) {
      const at = places.get(message.id);
      const { change = 0, number } = message;
      seen = Math.max(seen, change, number);
      if (at === undefined) {
        if (cleared > 0 && number <= cleared) continue;
        // What is not kept here any more may still be shown somewhere.
        if (change > 0 && number <= last) altered.push(message);
        else {
          places.set(message.id, next.push(message) - 1);
          added.push(message);
        }
      } else if (change > (next[at]?.change ?? 0)) {
        next[at] = message;
        altered.push(message);
      }
    }
    if (added.length + altered.length === 0) return;
    messages = next.slice(-KEPT);
    room.changed();
    for (const message of added) {
      for (const reader of readers) reader.push(message);
      if (tell) room.emit('chat', { message });
    }
    if (tell) for (const message of altered) room.emit('chatchange', { message });
  };
  const clear = (number: number) => {
    if (number <= cleared) return;
    cleared = number;
    messages = messages.filter((message) => message.number > number);
    room.changed();
    room.emit('chatcleared', { number });
  };

  /**
   * All pages after the last message that is known, then all that has become of those before. Where they cannot be had, what the room has
   * shown must do.
   */
  const catchUp = async (shown: readonly ChatMessage[]) => {
    const session: ChatMessage[] = [];
    behind = session;
    const known = messages.at(-1)?.number ?? 0;
    let changed = seen;
    try {
      for (let after = known, more = true; more; ) {
        const page = await room.request({ type: 'chat_history', after, limit: PAGE });
        if (behind !== session) return;
        take(page.messages, true);
        after = page.messages.at(-1)?.number ?? after;
        more = page.more;
      }
      for (let more = true; more; ) {
        const page = await room.request({ type: 'chat_history', changed, before: known + 1, limit: PAGE });
        if (behind !== session) return;
        take(page.messages, true);
        changed = page.messages.at(-1)?.change ?? changed;
        more = page.more;
      }
    } catch (error) {
      // The next session begins with asking again.
      if (behind !== session || isGone(error)) return;
    }
    take([...shown, ...session], true);
    behind = null;
  };

  /** Until it is known that the server has done it. To change something twice is to change it once, and a message has its key. */
  const surely = async (body: RequestBody, options: CallOptions) => {
    for (;;) {
      try {
        await room.request(body, options);
        return;
      } catch (error) {
        if (!isGone(error)) throw error;
        await room.untilConnected(options.signal);
      }
    }
  };
  const tellRead = async () => {
    if (read.telling) return;
    read.telling = true;
    try {
      while (read.told < read.number) {
        read.told = read.number;
        await room.request({ type: 'chat_read', number: read.told });
      }
    } catch {
      // It is told again in the next session.
    } finally {
      read.telling = false;
    }
  };

  const parts = {
    send: (text, { to = null, ...options } = {}) => {
      typed = null;
      const key = crypto.getRandomValues(new Uint32Array(4)).join('-');
      return surely({ type: 'chat', text, to, key }, options);
    },
    edit: (message, text, options = {}) => surely({ type: 'chat_edit', message, text }, options),
    delete: (message, options = {}) => surely({ type: 'chat_delete', message }, options),
    react: (message, reaction, { on = true, ...options } = {}) =>
      surely({ type: 'chat_react', message, reaction, on }, options),
    typing: ({ to = null, active = true } = {}) => {
      const now = room.clock.now();
      if (active ? typed?.to === to && now - typed.at < TYPING_EVERY : !typed) return;
      typed = active ? { at: now, to } : null;
      room.request({ type: 'chat_typing', active, to }).catch(() => undefined);
    },
    read: (number) => {
      read.number = Math.max(read.number, number);
      void tellRead();
    },
    history: async ({ before, limit = PAGE, words = '', ...options } = {}) => {
      const { messages, more } = await room.request(
        { type: 'chat_history', before: before ?? null, limit, words },
        options,
      );
      return { messages, more };
    },
  } satisfies Partial<Chat>;
  const chat = Object.defineProperties(Object.assign(iterate, parts), {
    messages: { get: () => messages },
    typists: { get: () => typists },
    privateTypists: { get: () => privateTypists },
    readMarks: { get: () => readMarks },
  }) as unknown as Chat;
  return {
    chat,
    input: {
      handleMessage(message) {
        switch (message.type) {
          case 'chat':
          case 'chat_changed':
            if (behind) behind.push(message.message);
            else take([message.message], true);
            return;
          case 'chat_cleared':
            return clear(message.number);
          case 'chat_typing': {
            const others = message.participants.filter((id) => id !== room.self());
            if (message.private) privateTypists = others;
            else typists = others;
            return room.changed();
          }
          case 'chat_read':
            readMarks = marked(readMarks, message.marks);
            return room.changed();
          default:
            message satisfies never;
        }
      },
      handleJoined(joined, again) {
        typists = privateTypists = [];
        typed = null;
        readMarks = marked(new Map(), joined.chat.read);
        read.told = readMarks.get(room.self()) ?? 0;
        if (again) clear(joined.chat.cleared);
        else cleared = joined.chat.cleared;
        if (again && messages.at(-1)?.number) void catchUp(joined.messages);
        else take(joined.messages, again);
        void tellRead();
      },
      handleClosed() {
        closed = true;
        behind = null;
        for (const reader of [...readers]) reader.end();
      },
    },
  };
}

const marked = (before: ReadonlyMap<string, number>, marks: readonly ReadMark[]): ReadonlyMap<string, number> =>
  new Map([...before, ...marks.map(({ participant, number }) => [participant, number] as const)]);

const isGone = (error: unknown): boolean => error instanceof RoomError && error.code === 'session_gone';
