import type { RoomError } from '../common/room-error.js';
import type { LinkState } from './connection-watch.js';

/** Which road media takes. */
export type Mode = 'direct' | 'sfu';

/** What a connection receives for one publication. */
export interface Incoming {
  publication: string;
  track: MediaStreamTrack;
  /** Null: it does not come by WebRTC, and was decoded already. */
  rtp: RTCRtpReceiver | null;
  /** The section carried another publication before. */
  reused: boolean;
}

/** A publication in the section that carries it now. */
export interface Carried {
  publication: string;
  direction: 'send' | 'receive';
  section: RTCRtpTransceiver;
}

/** Events that both kinds of connection have. */
export interface LinkEvents {
  track: Incoming;
  untrack: { publication: string };
  state: { state: LinkState };
  /** Connected, but nothing comes any more, sooner than the browser doubts it: the network may be another one. */
  silent: object;
  fault: { error: RoomError };
}

let count = 0;

/** A name for one RTCPeerConnection among all that this page ever had. */
export const linkKey = (what: string): string => `${what}#${++count}`;

export type ConnectionFactory = (config: RTCConfiguration) => RTCPeerConnection;
