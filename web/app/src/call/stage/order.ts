/**
 * Brings those who speak onto the first page, each in exchange for whoever has been silent there the longest, so that nobody else moves.
 * Returns the same array when nothing moves.
 */
export function bubble(
  order: readonly string[],
  speaking: readonly string[],
  first: number,
  options: {
    /** When each spoke last, in any unit that grows; left out: never. */
    spoke: ReadonlyMap<string, number>;
    /** Those who keep their place, such as oneself. */
    fixed: ReadonlySet<string>;
  },
): readonly string[] {
  let next = order;
  for (const key of speaking) {
    const from = next.indexOf(key);
    if (from < first || options.fixed.has(key)) continue;
    const leaving = next
      .slice(0, first)
      .filter((one) => !speaking.includes(one) && !options.fixed.has(one))
      .sort((one, other) => (options.spoke.get(one) ?? 0) - (options.spoke.get(other) ?? 0))[0];
    if (leaving === undefined) return next;
    next = next.with(next.indexOf(leaving), key).with(from, leaving);
  }
  return next;
}

/** Keeps the order of those who stay; newcomers go to the end. Returns the same array when nothing changes. */
export function follow(order: readonly string[], present: readonly string[]): readonly string[] {
  const here = new Set(present);
  const known = new Set(order);
  if (order.length === present.length && order.every((key) => here.has(key))) return order;
  return [...order.filter((key) => here.has(key)), ...present.filter((key) => !known.has(key))];
}
