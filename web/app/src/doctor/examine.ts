import type { Check, CheckId, Outcome, Reason, Road } from './check.ts';
import { CHECKS, failed, ok, skipped } from './check.ts';
import { askDevice } from './devices.ts';
import { reachMedia } from './media.ts';
import { throughRelay } from './relay.ts';
import { askServer, openSocket } from './server.ts';
import { NO_SERVERS, type Servers } from './servers.ts';
import { seeAddress } from './stun.ts';
import { errandOf, type Target } from './target.ts';
import { browser, type Tools } from './tools.ts';
import { stunInTheLightOf } from './verdict.ts';

/** Immutable: each change is another one. */
export interface Findings {
  readonly checks: readonly Check[];
  readonly servers: Pick<Servers, 'udp' | 'tcp'>;
}

export const NOTHING_YET: Findings = {
  checks: CHECKS.map((id) => ({ id, state: 'waiting', detail: {} })),
  servers: NO_SERVERS,
};

interface Options {
  /** How those in the room would see this visit. */
  name: string;
  onChange: (findings: Findings) => void;
  signal: AbortSignal;
  tools?: Tools;
}

/**
 * Tries every road to the server, one beside the other, and tells what it found as it finds it. Takes some seconds, and 40 where nothing
 * answers. Leaves no connection, room or timer behind, also when `signal` is aborted; then it rejects with its reason and tells nothing more.
 */
export async function examine(target: Target, { name, onChange, signal, tools = browser }: Options): Promise<Findings> {
  let findings = NOTHING_YET;
  const change = (next: Findings) => {
    findings = next;
    if (!signal.aborted) onChange(findings);
  };
  const put = (id: CheckId, outcome: Outcome) =>
    change({ ...findings, checks: findings.checks.map((check) => (check.id === id ? { id, ...outcome } : check)) });
  const run = async (id: CheckId, work: () => Promise<Outcome>) => {
    put(id, { state: 'running', detail: {} });
    put(id, await work().catch(unforeseen));
  };
  const skipAll = (ids: readonly CheckId[], reason: Reason) => {
    for (const id of ids) put(id, skipped(reason));
  };

  put('browser', tools.hasWebRtc ? ok() : failed('unsupported'));
  put('secure', tools.isSecure ? ok() : { state: 'warning', detail: { reason: 'insecure' } });
  const devices = Promise.all([
    run('camera', () => askDevice('camera', tools)),
    run('microphone', () => askDevice('microphone', tools)),
  ]);
  const errand = errandOf(target);
  let servers = NO_SERVERS;
  let withheld: Reason | null = null;
  await Promise.all([
    run('server', async () => {
      const asked = await askServer(target.base, errand, tools, signal);
      ({ servers, withheld } = asked);
      change({ ...findings, servers: { udp: servers.udp, tcp: servers.tcp ?? new URL(target.base).host } });
      return asked.outcome;
    }),
    run('socket', () => openSocket(target.base, tools, signal)),
  ]);
  signal.throwIfAborted();

  if (!tools.hasWebRtc) skipAll(['media', 'stun', 'turn-udp', 'turn-tcp', 'turn-tls'], 'unsupported');
  else {
    const relay = (road: Road) => {
      const server = servers.turn[road];
      if (!server) return put(`turn-${road}`, skipped(withheld ?? 'not-offered'));
      return run(`turn-${road}`, () => throughRelay(road, server, tools, signal));
    };
    await Promise.all([
      run('media', () => reachMedia(target.base, errand, name, target.call ?? null, tools, signal)),
      withheld ? put('stun', skipped(withheld)) : run('stun', () => seeAddress(servers.stun, tools, signal)),
      relay('udp'),
      relay('tcp'),
      relay('tls'),
    ]);
    const stun = stunInTheLightOf(findings.checks);
    if (stun) put('stun', stun);
  }
  await devices;
  signal.throwIfAborted();
  return findings;
}

const unforeseen = (error: unknown): Outcome => failed('error', { error: String(error) });
