import { type RefObject, useLayoutEffect, useState } from 'react';
import type { Box } from './layout.ts';

const REST = 150;

/** The inner size of an element. While it changes the element has `data-resizing`, so that nothing inside lags behind by a transition. */
export function useBox(element: RefObject<HTMLElement | null>): Box {
  const [box, setBox] = useState<Box>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const observed = element.current;
    if (!observed) return;
    let rest: ReturnType<typeof setTimeout> | undefined;
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = observed;
      observed.dataset.resizing = '';
      clearTimeout(rest);
      rest = setTimeout(() => delete observed.dataset.resizing, REST);
      setBox((last) => (last.width === width && last.height === height ? last : { width, height }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(observed);
    return () => {
      observer.disconnect();
      clearTimeout(rest);
    };
  }, [element]);
  return box;
}
