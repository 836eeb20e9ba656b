import type { Check, CheckId, Outcome, Road } from './check.ts';
import { failed } from './check.ts';

/** All in one word, from the best to the worst. */
export type Verdict =
  /** Calls work, by the best road. */
  | 'udp'
  /** UDP is blocked: calls work, with more delay. */
  | 'tcp'
  /** The same, and nothing but what looks like a web page gets through. */
  | 'tls'
  /** Some roads are open, but not the one to the server. */
  | 'partly'
  /** It could not be tried. */
  | 'unknown'
  /** Server and sockets work, media has no road at all. */
  | 'blocked'
  | 'no-socket'
  | 'no-server'
  | 'no-webrtc'
  | 'checking';

type Checks = ReadonlyMap<CheckId, Check>;

export function verdictOf(all: readonly Check[]): Verdict {
  const checks = byId(all);
  const is = (id: CheckId, state: Check['state']) => checks.get(id)?.state === state;
  if (is('browser', 'failed')) return 'no-webrtc';
  if (is('server', 'failed')) return 'no-server';
  if (is('socket', 'failed')) return 'no-socket';
  if (all.some(({ state }) => state === 'waiting' || state === 'running')) return 'checking';
  const media = checks.get('media');
  if (media?.state === 'ok') return media.detail.road ?? 'udp';
  const relay = ROADS.find((road) => is(`turn-${road}`, 'ok'));
  if (media?.state === 'skipped') {
    if (relay) return relay;
    return ROADS.some((road) => is(`turn-${road}`, 'failed')) ? 'blocked' : 'unknown';
  }
  return relay ? 'partly' : 'blocked';
}

const ROADS: readonly Road[] = ['udp', 'tcp', 'tls'];

/**
 * What STUN found, in the light of what else was found: no address from outside is good news where UDP works, and none where it does not.
 * Undefined: as it was.
 */
export function stunInTheLightOf(all: readonly Check[]): Outcome | undefined {
  const checks = byId(all);
  const stun = checks.get('stun');
  if (!stun) return undefined;
  const { media, relay } = { media: checks.get('media'), relay: checks.get('turn-udp') };
  const works = (media?.state === 'ok' && media.detail.road === 'udp') || relay?.state === 'ok';
  const { at } = stun.detail;
  const where = at === undefined ? {} : { at };
  if (works && stun.state === 'failed') return { state: 'ok', detail: { ...where, nat: 'none' } };
  if (!works && stun.state === 'ok' && stun.detail.nat === 'none') return failed('unreachable', where);
  return undefined;
}

const byId = (all: readonly Check[]): Checks => new Map(all.map((check) => [check.id, check]));
