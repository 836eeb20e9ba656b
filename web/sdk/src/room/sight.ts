import type { Clock } from '../common/clock.js';
import { ClockedTimeouts } from '../common/clock.js';

export interface Seen {
  visible: boolean;
  /** In device pixels. */
  width: number;
  height: number;
}

/** A layout that moves changes sizes many times a second; only where it comes to rest matters. */
const REST_MS = 250;

/** Tells how large an element is shown, and whether at all, until `signal` is aborted. */
export function watchSight(
  element: Element,
  clock: Clock,
  signal: AbortSignal | null,
  tell: (seen: Seen) => void,
): void {
  if (signal?.aborted) return;
  const timers = new ClockedTimeouts(clock);
  let seen: Seen = { visible: true, width: 0, height: 0 };
  let told = '';
  const changed = (part: Partial<Seen>) => {
    seen = { ...seen, ...part };
    timers.set('rest', REST_MS, () => {
      const now = JSON.stringify(seen);
      if (now !== told) tell(seen);
      told = now;
    });
  };
  const size = new ResizeObserver((entries) => {
    const scale = globalThis.devicePixelRatio ?? 1;
    for (const { contentRect } of entries) {
      changed({ width: Math.round(contentRect.width * scale), height: Math.round(contentRect.height * scale) });
    }
  });
  const sight = new IntersectionObserver((entries) => {
    for (const { isIntersecting } of entries) changed({ visible: isIntersecting });
  });
  size.observe(element);
  sight.observe(element);
  signal?.addEventListener('abort', () => {
    size.disconnect();
    sight.disconnect();
    timers.clearAll();
  });
}
