import type { Box } from './layout.ts';

/** How a picture is moved inside its box: shown `scale` times as large, with its upper left corner at (`x`, `y`). */
export interface Zoom {
  scale: number;
  x: number;
  y: number;
}

export const WHOLE: Zoom = { scale: 1, x: 0, y: 0 };
const MOST = 8;

/** Larger or smaller by a factor; the point (in the box) stays where it is. */
export function zoomAt(zoom: Zoom, factor: number, point: { x: number; y: number }, box: Box): Zoom {
  const scale = Math.min(Math.max(zoom.scale * factor, 1), MOST);
  const ratio = scale / zoom.scale;
  return inside({ scale, x: point.x - (point.x - zoom.x) * ratio, y: point.y - (point.y - zoom.y) * ratio }, box);
}

export function panBy(zoom: Zoom, by: { x: number; y: number }, box: Box): Zoom {
  return inside({ ...zoom, x: zoom.x + by.x, y: zoom.y + by.y }, box);
}

/** The picture never leaves a gap at an edge. */
function inside({ scale, x, y }: Zoom, { width, height }: Box): Zoom {
  const clamp = (value: number, size: number) => Math.min(Math.max(value, size - size * scale), 0);
  return { scale, x: clamp(x, width), y: clamp(y, height) };
}
