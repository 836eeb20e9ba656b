export interface Address {
  /** Where the room's socket is. */
  url: string;
  room: string;
}

/** Where this code runs. */
export interface Place {
  /** `document.baseURI`, or undefined outside a page. */
  base: string | undefined;
  /** Whether the page has a `<base href>`: the server puts one into the pages that it serves. */
  hasBase: boolean;
  /** Address of this module: the server's `{mount}/sdk/tertulia.js` (or `viewer.js`) tells where the server is. */
  module: string;
}

export function here(): Place {
  const page = globalThis.document;
  return {
    base: page?.baseURI ?? globalThis.location?.href,
    hasBase: page?.querySelector?.('base[href]') != null,
    module: import.meta.url,
  };
}

const ROOM_PATH = /^(.*)\/(?:r|live)\/([^/]+)\/?$/;
const SDK_PATH = /^(.*)\/sdk\/(?:tertulia|viewer)\.js$/;

/**
 * Finds the socket and the room's name from what was given to `Room`: `/r/{room}`, `{mount}/r/{room}`, a whole URL of that form, or the bare
 * name. Where no mount is named it is that of `server`, else of the module's own address, else of the page's `<base href>` or path.
 */
export function resolveAddress(room: string, server: string | undefined, place: Place = here()): Address {
  const base = place.base ?? server;
  const named = /^[a-z][a-z0-9+.-]*:/i.test(room) || room.includes('/') ? new URL(room, server ?? base) : null;
  const match = named && ROOM_PATH.exec(named.pathname);
  if (named && !match) throw new TypeError(`${room} is no address of a room: it has to end in /r/{room}.`);
  const name = match ? decodeURIComponent(match[2] ?? '') : room;
  // Only a path that starts with /r/ leaves the mount open.
  const open = !match || (match[1] === '' && room.startsWith('/'));
  const mount = open ? mountOf(server, place) : new URL(`${match[1]}/`, named);
  const url = new URL('ws', mount);
  url.protocol = url.protocol === 'https:' || url.protocol === 'wss:' ? 'wss:' : 'ws:';
  return { url: url.href, room: name };
}

function mountOf(server: string | undefined, place: Place): URL {
  if (server !== undefined) {
    const url = new URL(server, place.base);
    return new URL(url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`, url);
  }
  const module = URL.canParse(place.module) ? new URL(place.module) : null;
  const sdk = module?.protocol.startsWith('http') && SDK_PATH.exec(module.pathname);
  if (module && sdk) return new URL(`${sdk[1]}/`, module);
  if (place.base === undefined) throw new TypeError('Outside a page, give the whole URL of the room or `server`.');
  const base = new URL(place.base);
  if (place.hasBase) return new URL('.', base);
  return new URL(`${ROOM_PATH.exec(base.pathname)?.[1] ?? ''}/`, base);
}
