/** One entry of a report; what a browser puts into it differs. */
export type Stats = Record<string, unknown> & { id: string; type: string };

export const number = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);

/** A connection that says nothing for so long was closed: Firefox never answers what it was asked just before. */
const PATIENCE_MS = 3000;

/** What a connection tells, by id. Null where it is closing. */
export async function readStats(pc: RTCPeerConnection): Promise<Map<string, Stats> | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, null);
  });
  const report = await Promise.race([pc.getStats().catch(() => null), silence]);
  clearTimeout(timer);
  return report && new Map([...report.values()].map((stats: Stats) => [stats.id, stats]));
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
