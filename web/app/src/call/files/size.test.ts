import { expect, test } from 'vitest';
import { sizeOf } from './size.ts';

test.each([
  [0, '0 byte'],
  [999, '999 byte'],
  [1000, '1 kB'],
  [1_449_000, '1.4 MB'],
  [150_500_000, '151 MB'],
  [3_200_000_000_000, '3,200 GB'],
])('%d bytes are %s', (bytes, text) => {
  expect(sizeOf(bytes, 'en')).toBe(text);
});
