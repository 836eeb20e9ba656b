// The server's limits: characters, and bytes of UTF-8.
const CHARACTERS = 10_000;
const BYTES = 16 * 1024;
const BYTES_OF_A_WIDE_CHARACTER = 3;

/** How many characters more a message may have; negative when it is too long already. */
export function charactersLeft(text: string): number {
  let characters = 0;
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    characters += 1;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  // A text long enough to meet the limit in bytes is made of wide characters.
  return Math.min(CHARACTERS - characters, Math.floor((BYTES - bytes) / BYTES_OF_A_WIDE_CHARACTER));
}
