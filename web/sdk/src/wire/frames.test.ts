import { describe, expect, it } from 'vitest';
import { encode, unpack } from './frames.js';
import { parse } from './guards.js';

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const frame = (...parts: (number[] | string)[]) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...new TextEncoder().encode(part)] : part)))
    .buffer;

describe('binary frames', () => {
  // tests/wire/test_frames.py has the same one.
  it('are the length of the text, the text and the bytes', () => {
    const written = encode({ type: 'document_sync', id: 7, document: 'notes', bytes: Uint8Array.of(0, 1, 255) });
    expect(hex(written as Uint8Array)).toBe(
      '000000327b2274797065223a22646f63756d656e745f73796e63222c226964223a372c22646f63756d656e74223a226e6f746573227d0001ff',
    );
  });

  it('are only for messages with bytes', () => {
    expect(encode({ type: 'ping', ack: 1 })).toBe('{"type":"ping","ack":1}');
  });

  it('are read as messages', () => {
    const text = '{"type":"document_sync","document":"王"}';
    expect(parse(frame([0, 0, 0, 41], text, [9, 8]))).toEqual({
      type: 'document_sync',
      document: '王',
      bytes: Uint8Array.of(9, 8),
    });
    expect(unpack(frame([0, 0, 0, 2], '{}'))?.bytes).toHaveLength(0);
  });

  it.each([
    frame(),
    frame([0, 0, 0]),
    frame([0, 0, 0, 3], '{}'),
    frame([255, 255, 255, 255]),
    frame([0, 0, 0, 1], '{'),
  ])('that are none are no messages', (broken) => {
    expect(parse(broken)).toBeNull();
  });
});
