import { describe, expect, test } from 'vitest';
import { cornerAt, fills, type Layout, layOut, type Place, pageSize, type Rectangle, type Scene } from './layout.ts';

const desktop = { width: 1280, height: 640 };
const phone = { width: 344, height: 600 };
const boxes = {
  desktop,
  phone,
  'phone on its side': { width: 720, height: 280 },
  tablet: { width: 752, height: 880 },
  'desktop beside a panel': { width: 900, height: 640 },
  'wide screen': { width: 3424, height: 1280 },
  'a small window': { width: 420, height: 300 },
  '4k': { width: 3824, height: 2040 },
};

const scene = (part: Partial<Scene>): Scene => ({
  box: desktop,
  count: 1,
  large: null,
  shape: 16 / 9,
  floating: null,
  floatingShape: 3 / 4,
  corner: 'bottom-end',
  page: 0,
  ...part,
});

const shown = ({ places }: Layout): Place[] => places.filter((place) => place !== null);
const columns = (layout: Layout) => new Set(shown(layout).map(({ x }) => x)).size;
const used = (layout: Layout, box: { width: number; height: number }) =>
  shown(layout).reduce((sum, { width, height }) => sum + width * height, 0) / (box.width * box.height);

const overlap = (a: Rectangle, b: Rectangle) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/** Whatever has no size, sticks out of the box or covers something else. */
function faults(layout: Layout, box: { width: number; height: number }): Rectangle[] {
  const all: Rectangle[] = [...shown(layout), ...(layout.pager ? [layout.pager] : [])];
  return all.filter(
    (one, index) =>
      !(one.width > 0 && one.height > 0 && one.x >= 0 && one.y >= 0) ||
      one.x + one.width > box.width ||
      one.y + one.height > box.height ||
      all.some((other, at) => at > index && overlap(one, other)),
  );
}

describe.each(Object.entries(boxes))('in the box of %s', (_, box) => {
  const scenes: Scene[] = [];
  for (const count of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 25, 26, 27, 60])
    for (const large of count > 1 ? [null, 0, count - 1] : [null])
      for (const shape of [16 / 9, 9 / 16])
        for (const page of [0, 1, 99]) scenes.push(scene({ box, count, large, shape, page }));

  test('tiles are inside, have a size and do not overlap each other or the page buttons', () => {
    for (const one of scenes) expect(faults(layOut(one), box), JSON.stringify(one)).toEqual([]);
  });

  test('everybody is on exactly one page, the large one on all', () => {
    for (const one of scenes) {
      const { pages } = layOut(one);
      const seen = new Array(one.count).fill(0);
      for (let page = 0; page < pages; page += 1)
        layOut({ ...one, page }).places.forEach((place, index) => {
          if (place) seen[index] += 1;
        });
      seen.forEach((times, index) => {
        expect(times).toBe(index === one.large ? pages : 1);
      });
    }
  });

  test('a grid leaves little of the box empty', () => {
    for (let count = 2; count <= pageSize(box); count += 1)
      expect(used(layOut(scene({ box, count })), box), `${count}`).toBeGreaterThan(0.5);
  });
});

test.each([
  [1, 1],
  [2, 2],
  [4, 2],
  [6, 3],
  [9, 3],
  [12, 4],
  [25, 5],
])('%i people sit in %i columns on a desk', (count, expected) => {
  expect(columns(layOut(scene({ count })))).toBe(expected);
});

test('on a phone two people sit one above the other, more in two columns', () => {
  expect(columns(layOut(scene({ box: phone, count: 2 })))).toBe(1);
  for (const count of [4, 6, 8]) expect(columns(layOut(scene({ box: phone, count })))).toBe(2);
});

test('the last row is centred', () => {
  const places = shown(layOut(scene({ count: 5 })));
  const last = places.slice(3);
  const middle = ((last[0]?.x ?? 0) + (last[1]?.x ?? 0) + (last[1]?.width ?? 0)) / 2;
  expect(middle).toBeCloseTo(desktop.width / 2, -1);
});

test('more than a page are shared out evenly', () => {
  const layout = layOut(scene({ count: 26 }));
  expect(layout).toMatchObject({ pages: 2, page: 0 });
  expect(layout.pager).not.toBeNull();
  expect(shown(layout)).toHaveLength(13);
  expect(layOut(scene({ box: phone, count: 9 })).pages).toBe(2);
});

test('a tile keeps its size from page to page', () => {
  const first = shown(layOut(scene({ count: 27 })))[0];
  const last = shown(layOut(scene({ count: 27, page: 1 })))[0];
  expect(last).toMatchObject({ width: first?.width, height: first?.height });
});

test('a shared screen has most of a wide stage, with the others beside it', () => {
  const large = layOut(scene({ count: 6, large: 2 })).places[2];
  expect(large).toMatchObject({ part: 'large', x: 0, y: 0, height: desktop.height });
  expect(large?.width).toBeGreaterThan(desktop.width * 0.75);
});

test('on a phone a shared screen is as wide as the phone, with everybody below it', () => {
  const layout = layOut(scene({ box: phone, count: 6, large: 2 }));
  expect(layout.places[2]).toMatchObject({ part: 'large', x: 0, y: 0, width: phone.width });
  expect(layout.places[2]?.height).toBeGreaterThanOrEqual(Math.floor(phone.width / (16 / 9)));
  expect(layout.pages).toBe(1);
});

test('a floating tile lies in its corner; the other one has the whole box', () => {
  const layout = layOut(scene({ box: phone, count: 2, floating: 1, corner: 'top-start' }));
  expect(layout.places[0]).toEqual({ part: 'grid', x: 0, y: 0, ...phone });
  expect(layout.places[1]).toMatchObject({ part: 'floating', x: 16, y: 16 });
  expect(layOut(scene({ count: 2, floating: 0 })).places[1]).toMatchObject(desktop);
});

test('a dropped tile goes to the nearest corner', () => {
  expect(cornerAt(10, 10, phone)).toBe('top-start');
  expect(cornerAt(340, 590, phone)).toBe('bottom-end');
});

test('a picture fills its tile unless that would cut off too much', () => {
  expect(fills(16 / 9, 16 / 10)).toBe(true);
  expect(fills(16 / 9, 4 / 5)).toBe(true);
  expect(fills(9 / 16, 16 / 9)).toBe(false);
  expect(fills(16 / 9, 9 / 16)).toBe(false);
});
