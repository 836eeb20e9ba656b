const LENGTH = 4;

/** What goes on the socket: a text, or, of a message with `bytes`, a binary frame of the text's length, the text, and the bytes. */
export function encode(message: object): string | Uint8Array<ArrayBuffer> {
  if (!('bytes' in message)) return JSON.stringify(message);
  const { bytes, ...rest } = message as { bytes: Uint8Array };
  const text = new TextEncoder().encode(JSON.stringify(rest));
  const frame = new Uint8Array(LENGTH + text.length + bytes.length);
  new DataView(frame.buffer).setUint32(0, text.length);
  frame.set(text, LENGTH);
  frame.set(bytes, LENGTH + text.length);
  return frame;
}

/** Text and bytes of a binary frame; null where it is shorter than it says. */
export function unpack(frame: ArrayBuffer): { text: string; bytes: Uint8Array } | null {
  if (frame.byteLength < LENGTH) return null;
  const end = LENGTH + new DataView(frame).getUint32(0);
  if (end > frame.byteLength) return null;
  return {
    text: new TextDecoder().decode(new Uint8Array(frame, LENGTH, end - LENGTH)),
    bytes: new Uint8Array(frame, end),
  };
}
