import type { SocketLink } from '../socket-media/index.js';
import type { MediaChunk, MediaOpen, MediaRefresh } from '../wire/generated.js';

/** What media by the socket needs of the session. */
export interface SocketPorts {
  request(body: Omit<MediaOpen, 'id'> | Omit<MediaRefresh, 'id'>): Promise<unknown>;
  /** Sends a chunk now; nothing where the socket is not open. */
  send(chunk: MediaChunk): void;
  /** Bytes that the socket has taken and not sent yet. */
  buffered(): number;
}

/** Whether this browser can encode and decode without WebRTC: sound came to the last of them after pictures. */
export const canTakeSocket = (): boolean => 'AudioDecoder' in globalThis && 'VideoEncoder' in globalThis;

/** Loaded by those who need it. */
export async function openSocketLink(ports: SocketPorts): Promise<SocketLink> {
  const { createSocketLink } = await import('../socket-media/index.js');
  return createSocketLink(ports);
}
