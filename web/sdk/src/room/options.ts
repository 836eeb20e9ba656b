import type { Clock } from '../common/clock.js';
import type { ConnectionFactory } from '../media/link.js';
import type { SocketFactory, WakeUps } from '../signal/signal-socket.js';
import type { CallOptions } from './context.js';
import type { Road, Role, RoomState } from './room-events.js';

export interface RoomOptions {
  /** A JWT, or a function that brings a fresh one each time the room is joined. Left out: the room has to be open, or to admit guests. */
  token?: string | null | (() => string | null | Promise<string | null>);
  /** Receive everything that one may; else each publication by `subscribe()`. Default true. */
  autoSubscribe?: boolean;
  /** Where the server is mounted, as `https://example.org/rt/`. Left out: found from the address, this module or the page. */
  server?: string;
  /** False keeps media on the server, so that nobody learns this one's address. Default true. */
  p2p?: boolean;
  /**
   * `socket` sends and receives pictures and sound by the WebSocket alone, where WebRTC is not to be had: half a second late or more. `auto`,
   * the default, does so by itself, where the browser has no WebRTC or two connections in a row did not come about.
   */
  media?: 'auto' | 'socket';
}

export interface JoinOptions extends CallOptions {
  /** Shown to the others. */
  name: string;
  /** Called when a moderator has to let one in first. */
  onWaiting?: () => void;
  /** For the app: any text up to 4096 characters, shown to the others' apps. */
  metadata?: string;
  /** Comes as less than one might, such as `viewer`. Left out: as the token or the server says. */
  role?: Role;
  /** Asked for; granted only where no token names one and the server allows it. */
  identity?: string;
}

/** Parts of the browser that tests replace. */
export interface Environment {
  clock?: Clock;
  createSocket?: SocketFactory;
  createPeerConnection?: ConnectionFactory;
  wakeUps?: WakeUps;
}

export interface RoomRoads {
  direct: RTCPeerConnection | null;
  sfu: RTCPeerConnection | null;
  peers: ReadonlyMap<string, RTCPeerConnection>;
}

export interface RoomDebug {
  url: string;
  state: RoomState;
  signal: { phase: string; lastSeq: number; nextId: number; pending: number; attempt: number } | null;
  topology: (Road & { readonly epoch: number; readonly peers: readonly object[] }) | null;
  sfu: string | null;
  peers: Record<string, string>;
}
