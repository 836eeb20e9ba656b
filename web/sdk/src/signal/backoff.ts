const FIRST = 300;
const LAST = 5000;

/**
 * Milliseconds before attempt number `attempt` (from 1): 0.3 s doubling to 5 s. The jitter takes up to half away, so that the people of a
 * room do not come back all in the same moment.
 */
export function backoff(attempt: number, random: number): number {
  const full = Math.min(LAST, FIRST * 2 ** Math.min(attempt - 1, 10));
  return full * (1 - random / 2);
}
