import type { Road } from './check.ts';

/** The way that a connection has chosen. */
export interface Pair {
  road: Road;
  relayed: boolean;
  /** Milliseconds; null: not measured yet. */
  rtt: number | null;
  /** The other end, as host:port. */
  at: string;
}

type Stats = Record<string, unknown> & { id: string; type: string };

/** Null where none is chosen yet. */
export function pairOf(report: Iterable<[unknown, unknown]>): Pair | null {
  const all = new Map<unknown, Stats>();
  for (const [, stats] of report) all.set((stats as Stats).id, stats as Stats);
  const pair = chosen(all);
  const local = all.get(pair?.localCandidateId);
  const remote = all.get(pair?.remoteCandidateId);
  if (!pair || !local) return null;
  const relayed = local.candidateType === 'relay';
  const { currentRoundTripTime: rtt } = pair;
  return {
    road: roadOf(relayed ? (local.relayProtocol ?? local.protocol) : local.protocol),
    relayed,
    rtt: typeof rtt === 'number' ? Math.round(rtt * 1000) : null,
    at: remote ? `${remote.address ?? remote.ip ?? ''}:${remote.port ?? ''}` : '',
  };
}

function chosen(all: ReadonlyMap<unknown, Stats>): Stats | undefined {
  for (const stats of all.values()) {
    if (stats.type === 'transport' && stats.selectedCandidatePairId) return all.get(stats.selectedCandidatePairId);
  }
  // Firefox has no transport statistics.
  const pairs = [...all.values()].filter(({ type }) => type === 'candidate-pair');
  return pairs.find(({ selected }) => selected) ?? pairs.find((pair) => pair.nominated && pair.state === 'succeeded');
}

function roadOf(protocol: unknown): Road {
  const name = String(protocol).toLowerCase();
  return name === 'tcp' || name === 'tls' ? name : 'udp';
}
