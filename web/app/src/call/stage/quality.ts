import type { ConnectionQuality, PublicationStatistics, QualityLevel, Room, RoomStatistics } from 'tertulia-client';

const WORDS: readonly ConnectionQuality[] = ['lost', 'poor', 'poor', 'good', 'excellent'];

/** What this page measures by itself, in the words that the server has for it. */
export const wordOf = (level: QualityLevel): ConnectionQuality => WORDS[level] as ConnectionQuality;

/**
 * How good each person's connection is, as far as it is known: as the server says. Whom it says nothing of, for they talk directly, is judged
 * by what this page measures: oneself by all of it, the others by what comes of them. While one's own connection is poor, that says nothing
 * about theirs.
 */
export function qualities(
  { local, participants }: Pick<Room, 'local' | 'participants'>,
  statistics: RoomStatistics | null,
): ReadonlyMap<string, ConnectionQuality> {
  const known = new Map<string, ConnectionQuality>();
  if (statistics) {
    const own = wordOf(statistics.level);
    known.set(local.id, own);
    if (own !== 'poor' && own !== 'lost')
      for (const publication of statistics.publications.values())
        if (isPoor(publication)) known.set(publication.participant, 'poor');
  }
  for (const { id, connectionQuality } of [local, ...participants.values()])
    if (connectionQuality) known.set(id, connectionQuality);
  return known;
}

const isPoor = ({ direction, loss, freezes }: PublicationStatistics): boolean =>
  direction === 'receive' && (loss >= 0.04 || freezes >= 1);

export type Verdict = 'interrupted' | 'upload' | 'download' | 'slow' | 'computer' | 'fair' | 'good';

/** What to say about a connection in one sentence: the worst first. */
export function verdictOf(statistics: RoomStatistics): Verdict {
  const { level, loss, sendLoss, rtt, limit } = statistics;
  if (level === 0 && loss < 0.25 && sendLoss < 0.25) return 'interrupted';
  if (sendLoss >= 0.03 && sendLoss >= loss) return 'upload';
  if (loss >= 0.03) return 'download';
  if ((rtt ?? 0) >= 300) return 'slow';
  if (limit === 'bandwidth') return 'upload';
  if (limit === 'cpu') return 'computer';
  return level >= 4 ? 'good' : 'fair';
}
