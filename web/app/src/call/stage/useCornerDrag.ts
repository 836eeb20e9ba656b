import { type RefObject, useEffect } from 'react';
import { type Corner, cornerAt } from './layout.ts';

/** A press that moves less than this is a click. Pixels. */
const SLACK = 6;

/** Lets a floating tile be dragged; dropped, it goes to the nearest corner of its parent. `onCorner` has to stay the same function. */
export function useCornerDrag(
  tile: RefObject<HTMLElement | null>,
  enabled: boolean,
  onCorner: (corner: Corner) => void,
): void {
  useEffect(() => {
    const element = tile.current;
    const parent = element?.offsetParent;
    if (!enabled || !element || !parent) return;
    const stop = new AbortController();
    const { signal } = stop;
    let start: { x: number; y: number } | null = null;

    const onDown = (event: PointerEvent) => {
      if (event.button !== 0 || (event.target as Element).closest('button')) return;
      start = { x: event.clientX, y: event.clientY };
      element.setPointerCapture(event.pointerId);
    };
    const onMove = (event: PointerEvent) => {
      if (!start) return;
      const [x, y] = [event.clientX - start.x, event.clientY - start.y];
      if (!('dragged' in element.dataset) && Math.hypot(x, y) < SLACK) return;
      element.dataset.dragged = '';
      element.style.translate = `${x}px ${y}px`;
    };
    const onUp = () => {
      if (start && 'dragged' in element.dataset) {
        const own = element.getBoundingClientRect();
        const { left, top, width, height } = parent.getBoundingClientRect();
        onCorner(cornerAt(own.left + own.width / 2 - left, own.top + own.height / 2 - top, { width, height }));
      }
      start = null;
      delete element.dataset.dragged;
      element.style.translate = '';
    };

    element.addEventListener('pointerdown', onDown, { signal });
    element.addEventListener('pointermove', onMove, { signal });
    element.addEventListener('pointerup', onUp, { signal });
    element.addEventListener('pointercancel', onUp, { signal });
    return () => {
      stop.abort();
      onUp();
    };
  }, [tile, enabled, onCorner]);
}
