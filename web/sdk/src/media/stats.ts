/** One entry of a report; what a browser puts into it differs. */
export type Stats = Record<string, unknown> & { id: string; type: string };

export const number = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);

/** What a connection tells, by id. Null where it is closing. */
export async function readStats(pc: RTCPeerConnection): Promise<Map<string, Stats> | null> {
  const all = new Map<string, Stats>();
  try {
    for (const stats of (await pc.getStats()).values()) all.set(stats.id, stats);
  } catch {
    return null;
  }
  return all;
}

/** The pair of candidates that carries everything. */
export function selectedPair(all: Map<string, Stats>): Stats | undefined {
  for (const stats of all.values()) {
    if (stats.type === 'transport' && stats.selectedCandidatePairId) {
      return all.get(String(stats.selectedCandidatePairId));
    }
  }
  // Firefox has no transport statistics.
  const pairs = [...all.values()].filter(({ type }) => type === 'candidate-pair');
  return pairs.find(({ selected }) => selected) ?? pairs.find((pair) => pair.nominated && pair.state === 'succeeded');
}
