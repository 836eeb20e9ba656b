export interface Box {
  width: number;
  height: number;
}

/** Columns and tile size that use a box best for `count` tiles of 16:10, in CSS pixels. */
export function arrange(count: number, box: Box, gap: number): { columns: number; tile: Box } {
  let best = { columns: 1, tile: { width: 0, height: 0 } };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const roomWide = (box.width - gap * (columns - 1)) / columns;
    const roomHigh = (box.height - gap * (rows - 1)) / rows;
    const width = Math.floor(Math.min(roomWide, roomHigh * 1.6));
    if (width > best.tile.width) best = { columns, tile: { width, height: Math.floor(width / 1.6) } };
  }
  return best;
}
