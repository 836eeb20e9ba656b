import { LANGUAGES, type Language } from './i18n/index.tsx';
import type { Theme } from './prefs.ts';

/** What the page around the frame tells first; null where it leaves the choice to the person. */
export interface Hello {
  token: string | null;
  name: string | null;
  language: Language | null;
  theme: Theme | null;
  /** Join at once, without a look into the mirror. Needs a name. */
  autojoin: boolean;
}

export interface Commands {
  hello(hello: Hello): void;
  leave(): void;
  mute(source: 'camera' | 'microphone', muted: boolean): void;
}

/** What the frame tells in return. */
export interface FrameState {
  state: 'new' | 'connecting' | 'waiting' | 'connected' | 'reconnecting' | 'closed';
  /** A code, once it is closed. */
  reason: string | null;
  /** How many are in the room, this person included. */
  participants: number;
}

/** The frame's side of the conversation with the page around it. */
export interface Parent {
  /** The first hello, or null when none has come within `timeout` milliseconds. */
  hello(timeout: number): Promise<Hello | null>;
  /** Carries out what comes from now on; returns how to stop. */
  follow(commands: Commands): () => void;
  /** Says what has changed; kept back until the parent has said hello. */
  report(state: FrameState): void;
}

const VERSION = 1;
const LONGEST = 8192;

/**
 * Listens to the parent window and to nobody else: the first hello fixes its origin, and only that origin is heard and answered from
 * then on. Which pages may be a parent at all is the server's `frame-ancestors`. Call it before the page has loaded, or a hello is missed.
 */
export function listenToParent(frame: Window): Parent {
  let origin: string | null = null;
  let commands: Commands | null = null;
  let last: FrameState | null = null;
  let greet: (hello: Hello) => void;
  const greeted = new Promise<Hello>((resolve) => {
    greet = resolve;
  });

  const send = () => {
    if (origin !== null && last) frame.parent.postMessage({ tertulia: VERSION, type: 'state', ...last }, origin);
  };

  frame.addEventListener('message', (event: MessageEvent<unknown>) => {
    if (event.source !== frame.parent || frame.parent === frame) return;
    // A sandboxed parent has the origin "null", which names nobody and cannot be answered.
    if (event.origin === 'null' || (origin !== null && event.origin !== origin)) return;
    const message = fieldsOf(event.data);
    if (message?.tertulia !== VERSION) return;
    if (message.type === 'hello') {
      origin = event.origin;
      const hello = parseHello(message);
      greet(hello);
      commands?.hello(hello);
      send();
      return;
    }
    if (origin === null) return;
    if (message.type === 'leave') commands?.leave();
    else if (message.type === 'mute') {
      const { source, muted } = message;
      if ((source === 'camera' || source === 'microphone') && typeof muted === 'boolean') commands?.mute(source, muted);
    }
  });

  return {
    hello: (timeout) =>
      Promise.race([greeted, new Promise<null>((done) => frame.setTimeout(() => done(null), timeout))]),
    follow(next) {
      commands = next;
      return () => {
        if (commands === next) commands = null;
      };
    },
    report(state) {
      if (
        last &&
        last.state === state.state &&
        last.reason === state.reason &&
        last.participants === state.participants
      ) {
        return;
      }
      last = state;
      send();
    },
  };
}

function parseHello(message: Record<string, unknown>): Hello {
  const { token, name, lang, theme, autojoin } = message;
  return {
    token: text(token),
    name: text(name)?.trim().slice(0, 64) || null,
    language: typeof lang === 'string' && Object.hasOwn(LANGUAGES, lang) ? (lang as Language) : null,
    theme: theme === 'light' || theme === 'dark' ? theme : null,
    autojoin: autojoin === true,
  };
}

const fieldsOf = (data: unknown): Record<string, unknown> | null =>
  typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : null;

const text = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' && value.length <= LONGEST ? value : null;
