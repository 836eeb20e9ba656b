import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createBatch } from './batch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('what comes within the delay is given out together, and each text once', () => {
  const flush = vi.fn();
  const batch = createBatch(3000, flush);
  batch.add('Ana joined.');
  vi.advanceTimersByTime(2000);
  batch.add('Ben joined.');
  batch.add('Ana joined.');
  expect(flush).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1000);
  expect(flush).toHaveBeenCalledExactlyOnceWith(['Ana joined.', 'Ben joined.']);
});

test('the next batch waits its own delay, and nothing comes after the end', () => {
  const flush = vi.fn();
  const batch = createBatch(3000, flush);
  batch.add('one');
  vi.advanceTimersByTime(3000);
  batch.add('two');
  vi.advanceTimersByTime(2999);
  expect(flush).toHaveBeenCalledTimes(1);
  batch.stop();
  vi.advanceTimersByTime(10_000);
  expect(flush).toHaveBeenCalledTimes(1);
});
