import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ListenerCount } from '../../test/fakes/listeners.js';
import { pageWakeUps } from './signal-socket.js';

describe('pageWakeUps', () => {
  let page: EventTarget;
  let document: EventTarget & { visibilityState: string };
  let connection: EventTarget & { type?: string; rtt?: number };
  let counts: ListenerCount[];
  let woken: boolean[];
  let stop: () => void;

  beforeEach(() => {
    page = new EventTarget();
    document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    connection = Object.assign(new EventTarget(), { type: 'wifi' });
    counts = [page, document, connection].map((target) => new ListenerCount(target));
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
    vi.stubGlobal('document', document);
    vi.stubGlobal('navigator', { connection });
    woken = [];
    stop = pageWakeUps((network) => woken.push(network));
  });
  afterEach(() => vi.unstubAllGlobals());

  it('wakes when the network is back', () => {
    page.dispatchEvent(new Event('online'));
    expect(woken).toEqual([true]);
  });

  it('wakes when the network is another one, not when it is only slower', () => {
    connection.rtt = 300;
    connection.dispatchEvent(new Event('change'));
    expect(woken).toEqual([]);
    connection.type = 'cellular';
    connection.dispatchEvent(new Event('change'));
    connection.dispatchEvent(new Event('change'));
    expect(woken).toEqual([true]);
  });

  it('wakes when the page is seen again, and does not take that for another network', () => {
    document.visibilityState = 'hidden';
    document.dispatchEvent(new Event('visibilitychange'));
    expect(woken).toEqual([]);
    document.visibilityState = 'visible';
    document.dispatchEvent(new Event('visibilitychange'));
    expect(woken).toEqual([false]);
  });

  it('leaves no listener behind', () => {
    expect(counts.map(({ total }) => total)).toEqual([1, 1, 1]);
    stop();
    expect(counts.map(({ total }) => total)).toEqual([0, 0, 0]);
    page.dispatchEvent(new Event('online'));
    expect(woken).toEqual([]);
  });

  it('does without what a browser has not', () => {
    stop();
    vi.stubGlobal('navigator', {});
    vi.stubGlobal('document', undefined);
    stop = pageWakeUps((network) => woken.push(network));
    page.dispatchEvent(new Event('online'));
    expect(woken).toEqual([true]);
  });
});
