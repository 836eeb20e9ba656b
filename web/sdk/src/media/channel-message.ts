/** How messages are written on data channels; see the protocol's page. */

const VERSION = 1;
const PART = 16_384;
const PARTS = 16;
/** Bytes of a message, with the one that says what the others are. */
export const MESSAGE_MAX = PART * PARTS;
/** So many messages of which parts are missing are remembered, and each for so long. */
const UNFINISHED = 64;
const PATIENCE_MS = 20_000;

const JSON_TEXT = 0;
const BYTES = 1;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export interface Part {
  /** Whom it is from; null: the server itself, or the page at the other end. */
  from: string | null;
  /** Empty: it concerns the channel, and not the app. */
  topic: string;
  number: number;
  part: number;
  parts: number;
  payload: Uint8Array;
}

/** Throws TypeError for what JSON cannot tell. */
export function payloadOf(data: unknown): Uint8Array {
  if (data instanceof ArrayBuffer) return payloadOf(new Uint8Array(data));
  if (data instanceof Uint8Array) return join([Uint8Array.of(BYTES), data]);
  const text = JSON.stringify(data);
  if (text === undefined) throw new TypeError('Only what JSON can tell, or bytes.');
  return join([Uint8Array.of(JSON_TEXT), encoder.encode(text)]);
}

/** Undefined: it is neither. */
export function dataOf(payload: Uint8Array): unknown {
  const rest = payload.subarray(1);
  if (payload[0] === BYTES) return rest.slice();
  try {
    return payload[0] === JSON_TEXT ? JSON.parse(decoder.decode(rest)) : undefined;
  } catch {
    return undefined;
  }
}

/** The parts of a message, from the topic on. */
export function split(topic: string, number: number, payload: Uint8Array): Uint8Array[] {
  const parts = Math.max(1, Math.ceil(payload.length / PART));
  return Array.from({ length: parts }, (_, part) => {
    const numbers = new DataView(new ArrayBuffer(8));
    numbers.setUint32(0, number);
    numbers.setUint16(4, part);
    numbers.setUint16(6, parts);
    const bytes = payload.subarray(part * PART, (part + 1) * PART);
    return join([named(topic), new Uint8Array(numbers.buffer), bytes]);
  });
}

/** `to`: nobody means everybody. */
export const address = (to: readonly string[], part: Uint8Array): Uint8Array<ArrayBuffer> =>
  join([Uint8Array.of(VERSION, to.length), ...to.map(named), part]);

/** Null: it is none that this version knows. */
export function read(buffer: ArrayBuffer): Part | null {
  const bytes = new Uint8Array(buffer);
  let at = 2;
  const name = () => {
    const start = at + 1;
    at = start + (bytes[at] ?? 0);
    return decoder.decode(bytes.subarray(start, at));
  };
  if (bytes[0] !== VERSION || (bytes[1] ?? 2) > 1) return null;
  const from = bytes[1] === 1 ? name() : null;
  const topic = name();
  if (at + 8 > bytes.length) return null;
  const numbers = new DataView(buffer, at, 8);
  const [part, parts] = [numbers.getUint16(4), numbers.getUint16(6)];
  if (part >= parts || parts > PARTS) return null;
  return { from, topic, number: numbers.getUint32(0), part, parts, payload: bytes.subarray(at + 8) };
}

/** Puts messages together. What stays unfinished is forgotten. */
export class Assembler {
  readonly #unfinished = new Map<string, { at: number; parts: (Uint8Array | undefined)[] }>();

  /** The whole payload, once it is there. */
  add(key: string, { number, part, parts, payload }: Part, now: number): Uint8Array | null {
    if (parts === 1) return payload;
    const id = `${key} ${number} ${parts}`;
    const entry = this.#unfinished.get(id) ?? { at: now, parts: new Array(parts).fill(undefined) };
    entry.parts[part] = payload;
    this.#unfinished.set(id, entry);
    if (entry.parts.every((known) => known)) {
      this.#unfinished.delete(id);
      return join(entry.parts as Uint8Array[]);
    }
    // The oldest come first.
    for (const [old, { at }] of this.#unfinished) {
      if (this.#unfinished.size <= UNFINISHED && now - at < PATIENCE_MS) break;
      this.#unfinished.delete(old);
    }
    return null;
  }
}

function named(text: string): Uint8Array {
  const bytes = encoder.encode(text);
  return join([Uint8Array.of(bytes.length), bytes]);
}

function join(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
