import type { Carried } from './link.js';
import type { Stats } from './stats.js';
import { number, readStats, selectedPair } from './stats.js';

/** Why a video is sent in less than full quality. */
export type Limit = 'none' | 'bandwidth' | 'cpu' | 'other';

/** One RTP stream of one connection. Counters are since its beginning; null: the browser does not tell. */
export interface StreamSample {
  /** The same from sample to sample, as long as the counters go on. */
  key: string;
  /** Null while it carries nothing that is known. */
  publication: string | null;
  direction: 'send' | 'receive';
  /** With headers. */
  bytes: number;
  packets: number;
  lost: number;
  /** Of what is sent, as the other end reports it; 0 to 1. */
  fractionLost: number;
  freezes: number;
  /** In seconds; `tellsFreezes`: the browser counts them. */
  frozen: number;
  tellsFreezes: boolean;
  /** Samples of sound, and how many of them were made up; silence that was made up is none. */
  samples: number;
  concealed: number;
  width: number;
  height: number;
  fps: number;
  /** In seconds. */
  jitter: number;
  codec: string;
  limit: Limit;
}

/** What one connection tells at one moment. */
export interface LinkSample {
  streams: StreamSample[];
  /** In seconds. */
  rtt: number | null;
  /** Bits per second. */
  availableSend: number | null;
}

const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);
const isLimit = (value: unknown): value is Limit => value === 'bandwidth' || value === 'cpu' || value === 'other';

/** One `getStats` of a connection, reduced to its media. Empty where the connection is closing. */
export async function sampleLink(
  pc: RTCPeerConnection,
  linkKey: string,
  carried: Iterable<Carried>,
): Promise<LinkSample> {
  const sections = [...carried];
  const all = await readStats(pc);
  if (!all) return { streams: [], rtt: null, availableSend: null };
  const reports = new Map<unknown, Stats>();
  for (const stats of all.values()) if (stats.type === 'remote-inbound-rtp') reports.set(stats.localId, stats);
  const streams: StreamSample[] = [];
  for (const stats of all.values()) {
    const direction = stats.type === 'inbound-rtp' ? 'receive' : stats.type === 'outbound-rtp' ? 'send' : null;
    if (!direction) continue;
    const section = sections.find((one) => one.direction === direction && matches(one, stats));
    const report = reports.get(stats.id);
    const receives = direction === 'receive';
    streams.push({
      key: `${linkKey} ${stats.id}`,
      publication: section?.publication ?? null,
      direction,
      bytes: receives
        ? number(stats.bytesReceived) + number(stats.headerBytesReceived)
        : number(stats.bytesSent) + number(stats.headerBytesSent),
      packets: number(receives ? stats.packetsReceived : stats.packetsSent),
      lost: number(receives ? stats.packetsLost : 0),
      fractionLost: number(report?.fractionLost),
      freezes: number(stats.freezeCount),
      frozen: number(stats.totalFreezesDuration),
      tellsFreezes: stats.totalFreezesDuration !== undefined,
      samples: number(stats.totalSamplesReceived),
      concealed: number(stats.concealedSamples) - number(stats.silentConcealedSamples),
      width: number(stats.frameWidth),
      height: number(stats.frameHeight),
      fps: number(stats.framesPerSecond),
      jitter: number(receives ? stats.jitter : report?.jitter),
      codec: String(all.get(String(stats.codecId))?.mimeType ?? '').replace(/^\w+\//, ''),
      limit: isLimit(stats.qualityLimitationReason) ? stats.qualityLimitationReason : 'none',
    });
  }
  const pair = selectedPair(all);
  return {
    streams,
    rtt: numberOrNull(pair?.currentRoundTripTime),
    availableSend: numberOrNull(pair?.availableOutgoingBitrate),
  };
}

/** By section; older browsers leave `mid` out but name the track that they receive. */
function matches({ section }: Carried, stats: Stats): boolean {
  if (typeof stats.mid === 'string') return stats.mid === section.mid;
  return stats.type === 'inbound-rtp' && stats.trackIdentifier === section.receiver.track.id;
}
