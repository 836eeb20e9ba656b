import type { Road } from './check.ts';

/** The servers that this one gives out, each address by itself. */
export interface Servers {
  stun: RTCIceServer[];
  turn: Record<Road, RTCIceServer | null>;
  /** What an administrator has to let through, as host:port. */
  udp: string | null;
  tcp: string | null;
}

export const NO_SERVERS: Servers = { stun: [], turn: { udp: null, tcp: null, tls: null }, udp: null, tcp: null };

/** From the answer of `/api/v1/ice-servers`, of which nothing is taken for granted. Of each road the first address. */
export function serversOf(answer: unknown): Servers {
  const found: Servers = { ...NO_SERVERS, stun: [], turn: { ...NO_SERVERS.turn } };
  for (const { url, server } of addresses((answer as { iceServers?: unknown } | null)?.iceServers)) {
    const road = roadOf(url);
    const at = placeOf(url);
    if (/^stuns?:/i.test(url)) {
      found.stun.push(server);
      found.udp ??= at;
    } else if (road) {
      found.turn[road] ??= server;
      if (road === 'udp') found.udp ??= at;
      else found.tcp ??= at;
    }
  }
  return found;
}

function* addresses(list: unknown): Iterable<{ url: string; server: RTCIceServer }> {
  if (!Array.isArray(list)) return;
  for (const { urls, username, credential } of list.map(Object)) {
    for (const url of Array.isArray(urls) ? urls : [urls]) {
      if (typeof url !== 'string') continue;
      const known = typeof username === 'string' && typeof credential === 'string';
      yield { url, server: { urls: url, ...(known && { username, credential }) } };
    }
  }
}

/** RFC 7065. */
function roadOf(url: string): Road | null {
  if (/^turns:/i.test(url)) return 'tls';
  if (!/^turn:/i.test(url)) return null;
  return /[?&]transport=tcp\b/i.test(url) ? 'tcp' : 'udp';
}

/** `host:port`; RFC 7064 and 7065 say which port where none is named. */
export function placeOf(url: string): string {
  const [, scheme = '', place = ''] = /^(\w+):([^?]*)/.exec(url) ?? [];
  const port = /s$/i.test(scheme) ? 5349 : 3478;
  return /:\d+$/.test(place) ? place : `${place}:${port}`;
}
