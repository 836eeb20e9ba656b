/** What the element says to the page in its frame. */
export type ToFrame = Hello | { type: 'leave' } | { type: 'mute'; source: 'camera' | 'microphone'; muted: boolean };

/** The first message, and again when something of it has changed. */
export interface Hello {
  type: 'hello';
  token: string | null;
  name: string | null;
  lang: string | null;
  theme: 'light' | 'dark' | null;
  /** Joins without asking the person first. */
  autojoin: boolean;
}

/** What the page in the frame says about the call. */
export interface RoomStatus {
  /**
   * `new` before the person joins, then `connecting`, `waiting` (a moderator has to let them in), `connected`, `reconnecting`, and `closed`.
   */
  readonly state: 'new' | 'connecting' | 'waiting' | 'connected' | 'reconnecting' | 'closed';
  /** Why it is closed: an error code of the protocol, `left` when the person left; null while it is not. */
  readonly reason: string | null;
  /** How many people are in the room, this one included. */
  readonly participants: number;
}

/** The parts of a MessageEvent that count. */
export type Incoming = Pick<MessageEvent, 'data' | 'origin' | 'source'>;

const STATES: ReadonlySet<unknown> = new Set(['new', 'connecting', 'waiting', 'connected', 'reconnecting', 'closed']);

/** The version stands in each message, and tells ours from what else is posted about. */
export const toFrame = (message: ToFrame): object => ({ tertulia: 1, ...message });

/** The status that a message brings, or null: not from that frame, not from that origin, or not ours. */
export function readStatus(event: Incoming, frame: Window | null, origin: string): RoomStatus | null {
  if (!frame || event.source !== frame || event.origin !== origin) return null;
  const { data } = event;
  if (typeof data !== 'object' || data === null || data.tertulia !== 1 || data.type !== 'state') return null;
  const { state, reason, participants } = data;
  if (!STATES.has(state) || !(reason === null || typeof reason === 'string')) return null;
  if (!Number.isSafeInteger(participants) || participants < 0) return null;
  return { state, reason, participants };
}
