/** A stretch of a message: plain, or the address that it stands for. */
export interface Piece {
  text: string;
  /** Always of http, https or mailto. */
  href: string | null;
}

// Only what names its scheme, starts with www. or is clearly an address of a mailbox; no look-behind, no nested repetition: linear in the text.
const CANDIDATE = /(?:https?:\/\/|mailto:|www\.)[^\s<>"]+|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/giu;
const SCHEMES = new Set(['http:', 'https:', 'mailto:']);

/** Cuts a text into what is a link and what is not; joined, the pieces are the text. */
export function linkify(text: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const found = withoutTrailing(match[0]);
    const href = addressOf(found);
    if (!href) continue;
    if (match.index > end) pieces.push({ text: text.slice(end, match.index), href: null });
    pieces.push({ text: found, href });
    end = match.index + found.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), href: null });
  return pieces;
}

/** The full stop of a sentence is no part of the address in it, and neither is a bracket that was opened before it. */
function withoutTrailing(found: string): string {
  let end = found.length;
  while (end > 0) {
    const last = found[end - 1] as string;
    const opening = { ')': '(', ']': '[', '}': '{' }[last];
    const stray = opening
      ? count(found, opening, end) < count(found, last, end)
      : '.,;:!?\'"’”»…，。；：！？、）】》」'.includes(last);
    if (!stray) break;
    end -= 1;
  }
  return found.slice(0, end);
}

function count(text: string, character: string, end: number): number {
  let number = 0;
  for (let at = 0; at < end; at += 1) if (text[at] === character) number += 1;
  return number;
}

function addressOf(found: string): string | null {
  const whole = /^(?:https?:|mailto:)/i.test(found)
    ? found
    : found.includes('@')
      ? `mailto:${found}`
      : `https://${found}`;
  if (!URL.canParse(whole)) return null;
  const url = new URL(whole);
  return SCHEMES.has(url.protocol) && (url.protocol === 'mailto:' || url.hostname) ? url.href : null;
}

const EMOJI_ONLY = /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|\u200d|\ufe0f|\s)+$/u;
const LARGE_UP_TO = 6;

/** Whether a message is nothing but a few emoji, which are then shown large. */
export function isEmojiOnly(text: string): boolean {
  if (text.length > 64 || text.trim() === '' || !EMOJI_ONLY.test(text)) return false;
  return [...new Intl.Segmenter().segment(text.replace(/\s/g, ''))].length <= LARGE_UP_TO;
}
