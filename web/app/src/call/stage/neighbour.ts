import type { Rectangle } from './layout.ts';

const DIRECTIONS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Index of the rectangle that a key leads to from one of them; null where there is none. */
export function neighbour(places: readonly Rectangle[], from: number, key: string): number | null {
  if (key === 'Home') return places.length > 0 ? 0 : null;
  if (key === 'End') return places.length > 0 ? places.length - 1 : null;
  const direction = DIRECTIONS[key];
  const here = places[from];
  if (!direction || !here) return null;
  const [towardsX, towardsY] = direction;
  let best: number | null = null;
  let nearest = Number.POSITIVE_INFINITY;
  places.forEach((place, index) => {
    const x = middle(place).x - middle(here).x;
    const y = middle(place).y - middle(here).y;
    const along = x * towardsX + y * towardsY;
    if (index === from || along <= 1) return;
    // Who is straight ahead comes before who is nearer but aside.
    const distance = along + 3 * Math.abs(x * towardsY + y * towardsX);
    if (distance >= nearest) return;
    nearest = distance;
    best = index;
  });
  return best;
}

const middle = ({ x, y, width, height }: Rectangle) => ({ x: x + width / 2, y: y + height / 2 });
