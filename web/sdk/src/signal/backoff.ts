const FIRST = 300;
const LAST = 5000;

/**
 * Milliseconds before attempt number `attempt` (from 1): any time up to 0.3 s, doubling to 5 s. Full jitter: the people of a server that
 * starts anew come back spread over the whole step, not in waves.
 */
export function backoff(attempt: number, random: number): number {
  const full = Math.min(LAST, FIRST * 2 ** Math.min(attempt - 1, 10));
  return full * (1 - random);
}
