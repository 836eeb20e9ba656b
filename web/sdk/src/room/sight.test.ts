import { expect, it, vi } from 'vitest';
import { FakeClock } from '../../test/fakes/clock.js';
import { watchSight } from './sight.js';

it('tells where a size comes to rest, and what is not seen, until it is aborted', async () => {
  let resize: (entries: object[]) => void = () => undefined;
  let intersect: (entries: object[]) => void = () => undefined;
  const disconnect = vi.fn();
  class Observer {
    observe() {}
    disconnect = disconnect;
  }
  vi.stubGlobal('devicePixelRatio', 2);
  vi.stubGlobal(
    'ResizeObserver',
    class extends Observer {
      constructor(run: typeof resize) {
        super();
        resize = run;
      }
    },
  );
  vi.stubGlobal(
    'IntersectionObserver',
    class extends Observer {
      constructor(run: typeof intersect) {
        super();
        intersect = run;
      }
    },
  );
  const clock = new FakeClock();
  const tell = vi.fn();
  const abort = new AbortController();
  watchSight({} as Element, clock, abort.signal, tell);
  for (const width of [100, 200, 320]) resize([{ contentRect: { width, height: 180 } }]);
  await clock.advance(250);
  expect(tell.mock.calls).toEqual([[{ visible: true, width: 640, height: 360 }]]);
  intersect([{ isIntersecting: false }]);
  intersect([{ isIntersecting: true }]);
  await clock.advance(250);
  expect(tell).toHaveBeenCalledOnce();
  intersect([{ isIntersecting: false }]);
  await clock.advance(250);
  expect(tell).toHaveBeenLastCalledWith({ visible: false, width: 640, height: 360 });
  resize([{ contentRect: { width: 1, height: 1 } }]);
  abort.abort();
  await clock.advance(1000);
  expect(tell).toHaveBeenCalledTimes(2);
  expect(disconnect).toHaveBeenCalledTimes(2);
});
