import { type RefObject, useEffect, useState } from 'react';
import { panBy, WHOLE, type Zoom, zoomAt } from './zoom.ts';

const WHEEL = 0.002;
const KEY = 1.25;
const STEP = 48;

/**
 * Enlarges what is inside a tile: wheel, pinch and + − 0 zoom, dragging and the arrow keys pan. Written to the style of `picture` at once;
 * renders only when the picture begins or ends to be enlarged.
 */
export function useZoom(
  tile: RefObject<HTMLElement | null>,
  picture: RefObject<HTMLElement | null>,
  enabled: boolean,
): { enlarged: boolean; reset: () => void } {
  const [enlarged, setEnlarged] = useState(false);
  const [zoomer] = useState(() => createZoomer(setEnlarged));
  useEffect(() => {
    if (!enabled || !tile.current || !picture.current) return;
    return zoomer.attach(tile.current, picture.current);
  }, [zoomer, tile, picture, enabled]);
  return { enlarged, reset: zoomer.reset };
}

function createZoomer(tell: (enlarged: boolean) => void) {
  let zoom = WHOLE;
  let write: (zoom: Zoom) => void = () => undefined;

  const set = (next: Zoom) => {
    zoom = next;
    write(zoom);
    tell(zoom.scale > 1);
  };
  const reset = () => set(WHOLE);

  const attach = (tile: HTMLElement, picture: HTMLElement) => {
    const stop = new AbortController();
    const { signal } = stop;
    const fingers = new Map<number, { x: number; y: number }>();
    const box = () => ({ width: tile.clientWidth, height: tile.clientHeight });
    const middle = () => ({ x: tile.clientWidth / 2, y: tile.clientHeight / 2 });
    const pointOf = ({ clientX, clientY }: MouseEvent) => {
      const { left, top } = tile.getBoundingClientRect();
      return { x: clientX - left, y: clientY - top };
    };
    write = ({ scale, x, y }) => {
      picture.style.transform = scale === 1 ? '' : `translate(${x}px, ${y}px) scale(${scale})`;
    };

    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      set(zoomAt(zoom, Math.exp(-event.deltaY * WHEEL), pointOf(event), box()));
    };
    const onDown = (event: PointerEvent) => {
      if (event.target instanceof Element && event.target.closest('button')) return;
      fingers.set(event.pointerId, pointOf(event));
      tile.setPointerCapture(event.pointerId);
    };
    const onMove = (event: PointerEvent) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      const now = pointOf(event);
      const still = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
      fingers.set(event.pointerId, now);
      if (still) {
        const factor =
          Math.hypot(now.x - still.x, now.y - still.y) / Math.hypot(before.x - still.x, before.y - still.y);
        if (Number.isFinite(factor)) set(zoomAt(zoom, factor, still, box()));
      } else if (zoom.scale > 1) {
        set(panBy(zoom, { x: now.x - before.x, y: now.y - before.y }, box()));
      }
    };
    const onUp = (event: PointerEvent) => void fingers.delete(event.pointerId);
    const onKey = (event: KeyboardEvent) => {
      if (event.target !== tile || event.ctrlKey || event.metaKey || event.altKey) return;
      const pan = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (event.key === '+' || event.key === '=') set(zoomAt(zoom, KEY, middle(), box()));
      else if (event.key === '-') set(zoomAt(zoom, 1 / KEY, middle(), box()));
      else if (event.key === '0') reset();
      else if (pan && zoom.scale > 1) set(panBy(zoom, { x: STEP * (pan[0] ?? 0), y: STEP * (pan[1] ?? 0) }, box()));
      else return;
      event.preventDefault();
      event.stopPropagation();
    };

    tile.addEventListener('wheel', onWheel, { signal, passive: false });
    tile.addEventListener('pointerdown', onDown, { signal });
    tile.addEventListener('pointermove', onMove, { signal });
    tile.addEventListener('pointerup', onUp, { signal });
    tile.addEventListener('pointercancel', onUp, { signal });
    tile.addEventListener('keydown', onKey, { signal });
    return () => {
      stop.abort();
      reset();
    };
  };
  return { attach, reset };
}
