/** Where we are: which room, with which invitation, and what remains to be remembered from the last visit. */

export type Place = { page: 'landing' } | { page: 'room'; room: string; token: string | null };

/** The path below the mount prefix, which the server writes into `<base href>`. */
function pathBelowBase(): string {
  const base = new URL(document.baseURI).pathname.replace(/\/$/, '');
  const path = location.pathname;
  return path.startsWith(base) ? path.slice(base.length) : path;
}

export function here(): Place {
  const room = /^\/r\/([^/]+)\/?$/.exec(pathBelowBase())?.[1];
  if (!room) return { page: 'landing' };
  // The invitation travels in the fragment, which no server ever logs.
  const token = new URLSearchParams(location.hash.slice(1)).get('t');
  return { page: 'room', room: decodeURIComponent(room), token };
}

export function roomUrl(room: string): string {
  return new URL(`r/${encodeURIComponent(room)}`, document.baseURI).href;
}

/** A name that nobody guesses: six syllables of 75 each (37 bits), easy to say on the phone. */
export function newRoomName(): string {
  const consonants = 'bdfgjklmnprstvz';
  const vowels = 'aeiou';
  const pick = (letters: string) => letters[(crypto.getRandomValues(new Uint32Array(1))[0] as number) % letters.length];
  const syllable = () => `${pick(consonants)}${pick(vowels)}`;
  return [0, 1, 2].map(() => `${syllable()}${syllable()}`).join('-');
}

/** The room in what somebody typed or pasted: a name, or a link to one. Null when it is neither. */
export function roomIn(text: string): string | null {
  const trimmed = text.trim();
  const linked = /\/r\/([^/?#\s]+)/.exec(trimmed)?.[1];
  const room = linked ? decodeURIComponent(linked) : trimmed;
  return room.length > 0 && room.length <= 64 && !/[\s/?#]/.test(room) ? room : null;
}

export interface Remembered {
  name: string;
  camera: boolean;
  microphone: boolean;
}

const KEY = 'tertulia';

export function remembered(): Remembered {
  const fallback = { name: '', camera: true, microphone: true };
  try {
    return { ...fallback, ...JSON.parse(localStorage.getItem(KEY) ?? '{}') };
  } catch {
    return fallback;
  }
}

export function remember(choices: Remembered): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(choices));
  } catch {
    // Storage may be switched off; then nothing is remembered, and nothing else is lost.
  }
}
