import type { ServerMessage } from './generated.js';
import { SERVER_MESSAGE_TYPES } from './generated.js';

const known: ReadonlySet<string> = new Set(SERVER_MESSAGE_TYPES);

/** What has a type and perhaps a number, so that an unknown message can be counted and passed over. */
export interface AnyMessage {
  type: string;
  seq?: number;
}

/** Reads a text from the socket. Null where it is not a message at all. Fields are trusted: both ends are held to one schema. */
export function parse(data: unknown): AnyMessage | null {
  if (typeof data !== 'string') return null;
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null && typeof (value as AnyMessage).type === 'string'
      ? (value as AnyMessage)
      : null;
  } catch {
    return null;
  }
}

export function isServerMessage(message: AnyMessage): message is ServerMessage {
  return known.has(message.type);
}
