import { describe, expect, it } from 'vitest';
import type { Part } from './channel-message.js';
import { Assembler, address, dataOf, MESSAGE_MAX, payloadOf, read, split } from './channel-message.js';

const text = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
const parsed = (bytes: Uint8Array) => read(bytes.slice().buffer) as Part;

describe('a message on a data channel', () => {
  it('is written as the protocol says', () => {
    const [part] = split('pen', 7, payloadOf({ x: 1 }));
    expect(text(address(['bob', 'cy'], part as Uint8Array))).toBe(
      '01 02 03 62 6f 62 02 63 79 03 70 65 6e 00 00 00 07 00 00 00 01 00 7b 22 78 22 3a 31 7d',
    );
  });

  it('says whom it is from', () => {
    const [part] = split('pen', 2 ** 32 - 1, payloadOf(Uint8Array.of(1, 2)));
    const signed = parsed(address(['bob'], part as Uint8Array));
    expect(signed).toMatchObject({ from: 'bob', topic: 'pen', number: 2 ** 32 - 1, part: 0, parts: 1 });
    expect(dataOf(signed.payload)).toEqual(Uint8Array.of(1, 2));
    expect(parsed(address([], part as Uint8Array)).from).toBeNull();
  });

  it('carries JSON and bytes, and nothing else', () => {
    for (const data of [null, 0, 'ö', [1, { a: true }], Uint8Array.of(0, 255)])
      expect(dataOf(payloadOf(data))).toEqual(data);
    expect(dataOf(payloadOf(Uint8Array.of(7).buffer))).toEqual(Uint8Array.of(7));
    for (const data of [undefined, () => 1]) expect(() => payloadOf(data)).toThrow(TypeError);
    for (const payload of [[], [2, 1], [0], [0, 123]]) expect(dataOf(Uint8Array.from(payload))).toBeUndefined();
  });

  it('is none where it is cut off, of another version, or signed by several', () => {
    const [part] = split('pen', 7, new Uint8Array());
    const whole = address(['bob'], part as Uint8Array);
    expect(parsed(whole)).not.toBeNull();
    for (let end = 0; end < whole.length; end++) expect(parsed(whole.subarray(0, end)), `${end}`).toBeNull();
    expect(parsed(address(['bob', 'cy'], part as Uint8Array))).toBeNull();
    expect(parsed(Uint8Array.of(2, ...whole.subarray(1)))).toBeNull();
    expect(parsed(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 3))).toBeNull();
    expect(parsed(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 17))).toBeNull();
  });
});

describe('Assembler', () => {
  const large = Uint8Array.from({ length: MESSAGE_MAX }, (_, n) => n % 251);
  const parts = split('pen', 1, large).map((part) => parsed(address(['bob'], part)));

  it('puts a message together, in whatever order its parts come', () => {
    expect(parts).toHaveLength(16);
    const assembler = new Assembler();
    const [first, ...rest] = parts.toReversed() as [Part, ...Part[]];
    for (const part of rest) expect(assembler.add('bob', part, 0)).toBeNull();
    expect(assembler.add('ben', first, 0)).toBeNull();
    expect(assembler.add('bob', first, 0)).toEqual(large);
  });

  it('forgets what stays unfinished', () => {
    const assembler = new Assembler();
    const [first, ...rest] = parts as [Part, ...Part[]];
    assembler.add('bob', first, 0);
    assembler.add('cy', first, 20_001);
    for (const part of rest) expect(assembler.add('bob', part, 20_002)).toBeNull();
    for (let number = 100; number < 200; number++) assembler.add('bob', { ...first, number }, 20_003);
    for (const part of rest) expect(assembler.add('cy', part, 20_004)).toBeNull();
  });
});
