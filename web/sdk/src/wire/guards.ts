import { unpack } from './frames.js';
import type { ServerMessage } from './generated.js';
import { SERVER_MESSAGE_TYPES } from './generated.js';

const known: ReadonlySet<string> = new Set(SERVER_MESSAGE_TYPES);

/** What has a type and perhaps a number, so that an unknown message can be counted and passed over. */
export interface AnyMessage {
  type: string;
  seq?: number;
}

/** Reads what came on the socket. Null where it is not a message at all. Fields are trusted: both ends are held to one schema. */
export function parse(data: unknown): AnyMessage | null {
  const frame = data instanceof ArrayBuffer ? unpack(data) : null;
  const text = frame ? frame.text : data;
  if (typeof text !== 'string') return null;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || typeof (value as AnyMessage).type !== 'string') return null;
    return (frame ? Object.assign(value, { bytes: frame.bytes }) : value) as AnyMessage;
  } catch {
    return null;
  }
}

export function isServerMessage(message: AnyMessage): message is ServerMessage {
  return known.has(message.type);
}
