import type { Outcome, Reason } from './check.ts';
import { failed, ok } from './check.ts';
import { NO_SERVERS, type Servers, serversOf } from './servers.ts';
import type { Errand } from './target.ts';
import type { Tools } from './tools.ts';
import { within } from './within.ts';

const PATIENCE = 10_000;
const SUBPROTOCOL = 'tertulia.v1';

export interface Asked {
  outcome: Outcome;
  servers: Servers;
  /** Why the server told nothing of its TURN servers; null where it did. */
  withheld: Reason | null;
}

/** Whether the server answers at all, and what it says about ways to it. */
export async function askServer(base: string, errand: Errand, tools: Tools, signal: AbortSignal): Promise<Asked> {
  const at = new URL(base).host;
  const begun = tools.now();
  const stop = new AbortController();
  try {
    return await within(PATIENCE, signal, ask());
  } catch {
    signal.throwIfAborted();
    return { outcome: failed('unreachable', { at }), servers: NO_SERVERS, withheld: 'unreachable' };
  } finally {
    stop.abort();
  }

  async function ask(): Promise<Asked> {
    const { room, token } = errand;
    const response = await tools.fetch(`${base}api/v1/ice-servers?room=${encodeURIComponent(room)}`, {
      cache: 'no-store',
      signal: stop.signal,
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
    });
    const outcome = ok({ rtt: Math.round(tools.now() - begun), at });
    if (response.ok) return { outcome, servers: serversOf(await response.json()), withheld: null };
    // What says this may be a proxy in between, but then the socket will not open.
    return { outcome, servers: NO_SERVERS, withheld: refusal(response.status, token) };
  }
}

function refusal(status: number, token: string | null): Reason {
  if (status !== 401 && status !== 403) return 'not-offered';
  return token === null ? 'invitation' : 'refused';
}

/** Whether a WebSocket opens: some proxies let pages through, but not these. */
export async function openSocket(base: string, tools: Tools, signal: AbortSignal): Promise<Outcome> {
  const url = new URL('ws', base);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const begun = tools.now();
  const socket = tools.openSocket(url.href, SUBPROTOCOL);
  try {
    const opened = new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = socket.onclose = () => reject(new Error('closed'));
    });
    await within(PATIENCE, signal, opened);
    return ok({ rtt: Math.round(tools.now() - begun), at: url.host });
  } catch {
    signal.throwIfAborted();
    return failed('unreachable', { at: url.host });
  } finally {
    socket.onopen = socket.onerror = socket.onclose = null;
    socket.close();
  }
}
