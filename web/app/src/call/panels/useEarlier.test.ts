import type { Message } from 'tertulia-client';
import { describe, expect, it } from 'vitest';
import { joined, withChange } from './useEarlier.ts';

const messages = (...numbers: number[]) => numbers.map((number) => ({ id: `m${number}`, number }) as Message);

describe('earlier messages', () => {
  it('stand before those of the room, each once', () => {
    expect(joined(messages(1, 2, 3, 4), messages(3, 4, 5))).toEqual(messages(1, 2, 3, 4, 5));
  });

  it('are not there before they were asked for', () => {
    expect(joined([], messages(3, 4))).toEqual(messages(3, 4));
  });

  it('are let go when the room no longer has what came between', () => {
    expect(joined(messages(1, 2, 3), messages(7, 8))).toEqual(messages(7, 8));
  });

  it('are as they are now', () => {
    const edited = { ...messages(3)[0], text: 'edited' } as Message;
    expect(joined(messages(1, 2, 3), [edited, ...messages(4)])).toEqual([...messages(1, 2), edited, ...messages(4)]);
    expect(withChange(messages(1, 2, 3), edited)).toEqual([...messages(1, 2), edited]);
    const all = messages(1, 2);
    expect(withChange(all, edited)).toBe(all);
  });
});
