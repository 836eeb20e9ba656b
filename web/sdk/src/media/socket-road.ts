import type { Clock } from '../common/clock.js';
import type { SocketLink } from '../socket-media/index.js';
import type { MediaChunk, MediaOpen } from '../wire/generated.js';

/** What media by the socket needs of the session. */
export interface SocketPorts {
  clock: Clock;
  open(body: Omit<MediaOpen, 'id'>): Promise<unknown>;
  /** Sends a chunk now; nothing where the socket is not open. */
  send(chunk: MediaChunk): void;
  /** Bytes that the socket has taken and not sent yet. */
  buffered(): number;
  /** Pictures of somebody else can be decoded again only from a key frame on. */
  refresh(publication: string): void;
}

/** Whether this browser can encode and decode without WebRTC. */
export const canTakeSocket = (): boolean =>
  typeof VideoDecoder !== 'undefined' && typeof AudioDecoder !== 'undefined' && typeof VideoEncoder !== 'undefined';

/** Loaded by those who need it. */
export async function openSocketLink(ports: SocketPorts): Promise<SocketLink> {
  const { createSocketLink } = await import('../socket-media/index.js');
  return createSocketLink(ports);
}
