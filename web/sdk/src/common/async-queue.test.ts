import { describe, expect, it, vi } from 'vitest';
import { AsyncQueue } from './async-queue.js';

const readAll = async <T>(queue: AsyncQueue<T>): Promise<T[]> => {
  const values: T[] = [];
  for await (const value of queue) values.push(value);
  return values;
};

describe('AsyncQueue', () => {
  it('keeps what comes before the first reading, in order, and ends', async () => {
    const queue = new AsyncQueue<number>({ limit: 9 });
    queue.push(1);
    queue.push(2);
    queue.end();
    queue.push(3);
    expect(await readAll(queue)).toEqual([1, 2]);
  });

  it('gives waiting readers one value each', async () => {
    const queue = new AsyncQueue<number>({ limit: 9 });
    const reading = [queue.next(), queue.next()];
    queue.push(1);
    queue.end();
    expect(await Promise.all(reading)).toEqual([
      { done: false, value: 1 },
      { done: true, value: undefined },
    ]);
  });

  it('drops the oldest, or what is out of date', async () => {
    const oldest = new AsyncQueue<number>({ limit: 2 });
    for (const value of [1, 2, 3]) oldest.push(value);
    oldest.end();
    expect(await readAll(oldest)).toEqual([2, 3]);
    const tens = new AsyncQueue<number>({ limit: 9, outdated: (a, b) => a % 10 === b % 10 });
    for (const value of [1, 2, 11, 21]) tens.push(value);
    tens.end();
    expect(await readAll(tens)).toEqual([21, 2]);
  });

  it('throws after what had room', async () => {
    const ended = vi.fn();
    const queue = new AsyncQueue<number>({ limit: 2, overflow: () => new Error('full'), ended });
    for (const value of [1, 2, 3]) queue.push(value);
    expect(ended).toHaveBeenCalledOnce();
    expect([await queue.next(), await queue.next()].map(({ value }) => value)).toEqual([1, 2]);
    await expect(queue.next()).rejects.toThrow('full');
    expect((await queue.next()).done).toBe(true);
  });

  it('ends at once when the signal is aborted or the loop is left, and lets go of the signal', async () => {
    const abort = new AbortController();
    const forget = vi.spyOn(abort.signal, 'removeEventListener');
    const ended = vi.fn();
    const queue = new AsyncQueue<number>({ limit: 9, signal: abort.signal, ended });
    queue.push(1);
    queue.push(2);
    for await (const value of queue) if (value === 1) break;
    expect(ended).toHaveBeenCalledOnce();
    expect(forget).toHaveBeenCalledOnce();
    const other = new AsyncQueue<number>({ limit: 9, signal: abort.signal });
    other.push(1);
    abort.abort();
    expect(await readAll(other)).toEqual([]);
    expect(await readAll(new AsyncQueue<number>({ limit: 9, signal: abort.signal }))).toEqual([]);
  });
});
