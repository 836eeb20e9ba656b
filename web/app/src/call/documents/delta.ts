/** A change of a text, as Yjs tells it. Lengths are UTF-16 code units, as in the page. */
export type Delta = readonly { retain?: number; insert?: unknown; delete?: number }[];

/** Where a place in a text is after the change. What is put in exactly there comes after it. */
export function moved(place: number, delta: Delta): number {
  let at = 0;
  let result = place;
  for (const { retain = 0, insert, delete: removed = 0 } of delta) {
    if (at > result) break;
    at += retain;
    if (typeof insert === 'string') {
      if (at < result) result += insert.length;
      at += insert.length;
    } else if (removed > 0 && at < result) {
      result -= Math.min(removed, result - at);
    }
  }
  return result;
}

export interface Edit {
  at: number;
  removed: number;
  added: string;
}

/**
 * How `before` became `after` by one edit that ended at `caret`; null: they are the same. Where the same letter is typed beside itself only the
 * caret tells which one is new.
 */
export function editBetween(before: string, after: string, caret: number): Edit | null {
  if (before === after) return null;
  const rest = after.length - caret;
  let end = 0;
  while (end < rest && end < before.length && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  let start = 0;
  const most = Math.min(before.length, after.length) - end;
  while (start < most && before[start] === after[start]) start += 1;
  // Half of a character is no text: pairs of surrogates stay together.
  if (isHigh(before.charCodeAt(start - 1)) || isHigh(after.charCodeAt(start - 1))) start -= 1;
  if (end > 0 && (isLow(before.charCodeAt(before.length - end)) || isLow(after.charCodeAt(after.length - end))))
    end -= 1;
  return { at: start, removed: before.length - end - start, added: after.slice(start, after.length - end) };
}

const isHigh = (code: number): boolean => code >= 0xd800 && code < 0xdc00;
const isLow = (code: number): boolean => code >= 0xdc00 && code < 0xe000;
