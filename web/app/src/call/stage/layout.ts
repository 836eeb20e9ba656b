/** Where every tile is, from numbers only. All sizes in CSS pixels, all shapes as width / height. */

export interface Box {
  width: number;
  height: number;
}

export interface Rectangle extends Box {
  x: number;
  y: number;
}

/** What a tile is in its layout. `floating` lies above the others. */
export type Part = 'grid' | 'large' | 'strip' | 'floating';

export interface Place extends Rectangle {
  part: Part;
}

export type Corner = 'top-start' | 'top-end' | 'bottom-start' | 'bottom-end';

export interface Scene {
  box: Box;
  /** How many tiles there are; they are told apart by their index. */
  count: number;
  /** Index of the tile that is shown large, with the others in a strip. Null: a grid. */
  large: number | null;
  /** The shape of what is shown large. */
  shape: number;
  /** Index of the tile that floats in a corner and takes no space from the others. */
  floating: number | null;
  /** The shape of what floats. */
  floatingShape: number;
  corner: Corner;
  /** From 0; the last one where there are fewer. */
  page: number;
}

export interface Layout {
  /** In the order of the tiles; null: off stage, on another page. */
  places: readonly (Place | null)[];
  page: number;
  pages: number;
  /** Where the buttons of the pages are; null where all fits. */
  pager: Rectangle | null;
}

export const GAP = 8;
/** From this width down a box is a phone held upright. */
export const PHONE_WIDTH = 600;
const PAGER = 44;
const PAGER_WIDTH = 120;
const WIDEST = 16 / 9;

export function layOut(scene: Scene): Layout {
  const { box, count, large, floating } = scene;
  const standing = Array.from({ length: count }, (_, index) => index).filter((index) => index !== floating);
  const layout =
    large === null || large === floating || standing.length < 2
      ? grid(scene, standing)
      : stageAndStrip(scene, standing);
  if (floating === null || floating >= count) return layout;
  const places = layout.places.with(floating, { ...floatingIn(scene), part: 'floating' });
  // Between two people the other one has all there is.
  const [only] = standing;
  if (standing.length !== 1 || only === undefined) return { ...layout, places };
  return { ...layout, places: places.with(only, { part: 'grid', x: 0, y: 0, ...box }) };
}

/** How many tiles one page of a grid holds before they get too small to know a face by. */
export const pageSize = (box: Box): number => capacity(box, rulesOf(box));

export const isPhone = (box: Box): boolean => box.width <= PHONE_WIDTH && box.height > box.width;

/** Whether a picture fills its tile. It is cut to do so, but never by so much that a face might be outside. */
export function fills(picture: number, tile: number): boolean {
  return Math.min(picture, tile) / Math.max(picture, tile) >= 0.44;
}

interface Rules {
  /** The most tiles of a page. */
  most: number;
  /** The least width of a tile; there are rather more pages. */
  least: number;
  /** The least width / height of a tile: no camera is cut more than that. */
  narrowest: number;
  /** Of the columns. */
  columns: (count: number) => [fewest: number, most: number];
}

const DESK: Rules = { most: 25, least: 128, narrowest: 1, columns: (count) => [1, count] };
const PHONE: Rules = { most: 8, least: 96, narrowest: 4 / 5, columns: (count) => [count > 3 ? 2 : 1, 2] };
const rulesOf = (box: Box): Rules => (isPhone(box) ? PHONE : DESK);

const stripRulesOf = (box: Box): Rules => ({
  ...(isPhone(box) ? { most: 8, narrowest: 4 / 5 } : { most: 25, narrowest: 4 / 3 }),
  least: clamp(box.width * 0.13, 72, 136),
  columns: (count) => [1, count],
});

function capacity(box: Box, rules: Rules): number {
  for (let count = rules.most; count > 1; count -= 1)
    if (bestGrid(count, box, rules).tile.width >= rules.least) return count;
  return 1;
}

function grid({ box, count, page }: Scene, standing: readonly number[]): Layout {
  const places = new Array<Place | null>(count).fill(null);
  return fillArea(places, standing, { ...box, x: 0, y: 0 }, page, 'grid', rulesOf(box));
}

/** The large one, and the others in what is left of the box: beside it or below, wherever the large one gets larger. */
function stageAndStrip({ box, count, large, shape, page }: Scene, standing: readonly number[]): Layout {
  const rules = stripRulesOf(box);
  const others = standing.filter((index) => index !== large);
  const splits = [stripBeside(box, shape), stripBelow(box, shape)].map((split) => tighten(split, others.length, rules));
  const [beside, below] = splits as [Split, Split];
  const better = pictureArea(beside.large, shape) > pictureArea(below.large, shape) ? beside : below;
  const places = new Array<Place | null>(count).fill(null);
  if (large !== null) places[large] = { part: 'large', ...better.large };
  return fillArea(places, others, better.strip, page, 'strip', rules);
}

/** Gives back to the large one what the tiles of the strip do not need. */
function tighten({ large, strip }: Split, count: number, rules: Rules): Split {
  if (count > capacity(strip, rules)) return { large, strip };
  const { columns, tile } = bestGrid(count, strip, rules);
  const beside = strip.x > 0;
  const spare = beside
    ? strip.width - extent(columns, tile.width)
    : strip.height - extent(Math.ceil(count / columns), tile.height);
  return beside
    ? {
        large: { ...large, width: large.width + spare },
        strip: { ...strip, x: strip.x + spare, width: strip.width - spare },
      }
    : {
        large: { ...large, height: large.height + spare },
        strip: { ...strip, y: strip.y + spare, height: strip.height - spare },
      };
}

/** Puts tiles into an area in rows, the last one centred, with page buttons where not all fit. */
function fillArea(
  places: (Place | null)[],
  tiles: readonly number[],
  area: Rectangle,
  wanted: number,
  part: Part,
  rules: Rules,
): Layout {
  const { inner, pager } = tiles.length > capacity(area, rules) ? withPager(area) : { inner: area, pager: null };
  const pages = Math.max(1, Math.ceil(tiles.length / capacity(inner, rules)));
  const page = clamp(wanted, 0, pages - 1);
  // Pages of the same size, so that the last one does not hold a single person in the size of the stage.
  const size = Math.ceil(tiles.length / pages);
  const { columns, tile } = bestGrid(size, inner, rules);
  const shown = tiles.slice(page * size, (page + 1) * size);
  const rows = Math.ceil(shown.length / columns);
  const top = (inner.height - extent(rows, tile.height)) / 2;
  shown.forEach((index, at) => {
    const row = Math.floor(at / columns);
    const inRow = Math.min(columns, shown.length - row * columns);
    const start = (inner.width - extent(inRow, tile.width)) / 2;
    places[index] = {
      part,
      x: inner.x + Math.floor(start + (at % columns) * (tile.width + GAP)),
      y: inner.y + Math.floor(top + row * (tile.height + GAP)),
      ...tile,
    };
  });
  return { places, page, pages, pager };
}

/** The page buttons are below, but at the end of what is only one row high. */
function withPager(area: Rectangle): { inner: Rectangle; pager: Rectangle } {
  const { x, y, width, height } = area;
  if (height > 3 * PAGER) {
    const rest = height - PAGER - GAP;
    return { inner: { ...area, height: rest }, pager: { x, y: y + rest + GAP, width, height: PAGER } };
  }
  const rest = width - PAGER_WIDTH - GAP;
  return { inner: { ...area, width: rest }, pager: { x: x + rest + GAP, y, width: PAGER_WIDTH, height } };
}

/** The columns that use the box best. */
function bestGrid(count: number, box: Box, rules: Rules): { columns: number; tile: Box } {
  const [fewest, most] = rules.columns(count);
  let best = { columns: 1, tile: { width: 0, height: 0 } };
  let bestScore = 0;
  for (let columns = fewest; columns <= most; columns += 1) {
    const rows = Math.ceil(count / columns);
    const tile = clampShape(
      (box.width - GAP * (columns - 1)) / columns,
      (box.height - GAP * (rows - 1)) / rows,
      rules.narrowest,
    );
    // Between nearly equal areas the wider tile wins: less of a camera is cut.
    const score = tile.width * tile.height * Math.min(1, 0.85 + 0.15 * (tile.width / tile.height / 1.5));
    if (score > bestScore) {
      best = { columns, tile };
      bestScore = score;
    }
  }
  return best;
}

function clampShape(width: number, height: number, narrowest: number): Box {
  const fitting = { width: Math.min(width, height * WIDEST), height: Math.min(height, width / narrowest) };
  return { width: Math.max(0, Math.floor(fitting.width)), height: Math.max(0, Math.floor(fitting.height)) };
}

interface Split {
  large: Rectangle;
  strip: Rectangle;
}

/** What the picture leaves free is all for the strip. */
function stripBeside({ width, height }: Box, shape: number): Split {
  const least = clamp(width * 0.17, 104, 320);
  const strip = Math.floor(Math.max(least, Math.min(width - GAP - height * shape, width * 0.45)));
  const x = width - strip;
  return { large: { x: 0, y: 0, width: Math.max(0, x - GAP), height }, strip: { x, y: 0, width: strip, height } };
}

function stripBelow({ width, height }: Box, shape: number): Split {
  const least = clamp(height * 0.18, 72, 200);
  const strip = Math.floor(Math.max(least, Math.min(height - GAP - width / shape, height * 0.6)));
  const y = height - strip;
  return { large: { x: 0, y: 0, width, height: Math.max(0, y - GAP) }, strip: { x: 0, y, width, height: strip } };
}

/** What a picture of this shape covers of a box when nothing is cut off. */
function pictureArea({ width, height }: Box, shape: number): number {
  const fitted = Math.min(width, height * shape);
  return (fitted * fitted) / shape;
}

function floatingIn({ box, corner, floatingShape }: Scene): Rectangle {
  const shape = clamp(floatingShape, 3 / 4, WIDEST);
  const longer = clamp(Math.max(box.width, box.height) * 0.2, 112, 384);
  const width = Math.floor(shape < 1 ? longer * shape : longer);
  const height = Math.floor(shape < 1 ? longer : longer / shape);
  const margin = 2 * GAP;
  return {
    x: corner.endsWith('start') ? margin : Math.max(0, box.width - width - margin),
    y: corner.startsWith('top') ? margin : Math.max(0, box.height - height - margin),
    width,
    height,
  };
}

/** The corner that a point is nearest to. */
export function cornerAt(x: number, y: number, box: Box): Corner {
  return `${y < box.height / 2 ? 'top' : 'bottom'}-${x < box.width / 2 ? 'start' : 'end'}`;
}

const extent = (count: number, each: number) => count * each + Math.max(0, count - 1) * GAP;
const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);
