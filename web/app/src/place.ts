/** Where we are: which room, with which invitation, and how it is to be shown. */

export type Place = { page: 'landing' } | DoctorPlace | RoomPlace;

/** “Can I connect?”, perhaps on the way to a room. */
export interface DoctorPlace {
  page: 'doctor';
  room: string | null;
  token: string | null;
}

export interface RoomPlace {
  page: 'room';
  room: string;
  token: string | null;
  /** Inside another page, which has its own way back. */
  embed: boolean;
  /** What a link wants off before the call (`?cam=0&mic=0`), or on; left out: as remembered. */
  start: { camera?: boolean; microphone?: boolean };
}

export function here(): Place {
  const path = pathBelowBase();
  const query = new URLSearchParams(location.search);
  if (/^\/doctor\/?$/.test(path)) return { page: 'doctor', room: query.get('room'), token: tokenOf(location.hash) };
  const room = roomOfPath(path);
  if (room === null) return { page: 'landing' };
  return {
    page: 'room',
    room,
    token: tokenOf(location.hash),
    embed: query.has('embed'),
    start: { ...flag(query, 'cam', 'camera'), ...flag(query, 'mic', 'microphone') },
  };
}

/** The path below the mount prefix, which the server writes into `<base href>`. */
function pathBelowBase(): string {
  const base = new URL(document.baseURI).pathname.replace(/\/$/, '');
  const path = location.pathname;
  return path.startsWith(base) ? path.slice(base.length) : path;
}

function roomOfPath(path: string): string | null {
  const room = /^\/r\/([^/]+)\/?$/.exec(path)?.[1];
  return room ? decoded(room) : null;
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

/** The invitation travels in the fragment, which no server ever logs. */
const tokenOf = (hash: string): string | null => new URLSearchParams(hash.replace(/^#/, '')).get('t');

function flag<Name extends string>(query: URLSearchParams, key: string, name: Name): { [name in Name]?: boolean } {
  const value = query.get(key);
  return (value === '0' || value === '1' ? { [name]: value === '1' } : {}) as { [name in Name]?: boolean };
}

export function roomUrl(room: string, token: string | null = null): string {
  const url = new URL(`r/${encodeURIComponent(room)}`, document.baseURI);
  if (token) url.hash = `t=${token}`;
  return url.href;
}

/** A name that nobody guesses: six syllables of 75 each (37 bits), easy to say on the phone. */
export function newRoomName(): string {
  const consonants = 'bdfgjklmnprstvz';
  const vowels = 'aeiou';
  const pick = (letters: string) => letters[(crypto.getRandomValues(new Uint32Array(1))[0] as number) % letters.length];
  const syllable = () => `${pick(consonants)}${pick(vowels)}`;
  return [0, 1, 2].map(() => `${syllable()}${syllable()}`).join('-');
}

/** The room in what somebody typed or pasted, and the invitation where it was a link with one. Null when it is neither name nor link. */
export function roomIn(text: string): { room: string; token: string | null } | null {
  const trimmed = text.trim();
  const linked = /\/r\/([^/?#\s]+)[^#\s]*(#\S*)?/.exec(trimmed);
  const room = linked?.[1] ? decoded(linked[1]) : trimmed;
  if (!room || room.length > 64 || /[\s/?#]/.test(room)) return null;
  return { room, token: tokenOf(linked?.[2] ?? '') };
}
