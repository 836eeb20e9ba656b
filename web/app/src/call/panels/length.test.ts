import { expect, test } from 'vitest';
import { charactersLeft } from './length.ts';

test('letters are counted, and for wide ones the bytes count', () => {
  expect(charactersLeft('a'.repeat(9_990))).toBe(10);
  expect(charactersLeft('a'.repeat(10_000))).toBe(0);
  expect(charactersLeft('a'.repeat(10_003))).toBe(-3);
  expect(charactersLeft('汉'.repeat(5_460))).toBe(1);
  expect(charactersLeft('汉'.repeat(5_462))).toBeLessThan(0);
  expect(charactersLeft('😀'.repeat(4_096))).toBe(0);
  expect(charactersLeft('😀'.repeat(4_097))).toBeLessThan(0);
});
