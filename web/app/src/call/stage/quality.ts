import type { PublicationStatistics, RoomStatistics } from 'tertulia-client';

/** From this level down a connection is said to be weak; see `QualityLevel`. */
export const WEAK = 2;

/**
 * How well each person comes through, as far as that can be told from here: one's own level as the room measures it, the others' from what
 * is lost of theirs. While one's own connection is weak, it says nothing about theirs.
 */
export function personalLevels(statistics: RoomStatistics, self: string): ReadonlyMap<string, number> {
  const levels = new Map<string, number>([[self, statistics.level]]);
  if (statistics.level <= WEAK) return levels;
  for (const publication of statistics.publications.values()) {
    if (publication.direction !== 'receive') continue;
    const { participant } = publication;
    levels.set(participant, Math.min(levels.get(participant) ?? 4, receivedLevel(publication)));
  }
  return levels;
}

function receivedLevel({ loss, freezes }: PublicationStatistics): number {
  if (loss >= 0.1 || freezes >= 2) return 1;
  return loss >= 0.04 || freezes >= 1 ? 2 : 4;
}

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
