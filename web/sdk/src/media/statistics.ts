import type { Limit, LinkSample, StreamSample } from './link-sample.js';

/** One publication on its way, in the time since the value before. */
export interface StreamStatistics {
  readonly direction: 'send' | 'receive';
  readonly kbps: number;
  /** 0 to 1; of what is sent, as the other end reports it. */
  readonly loss: number;
  /** In milliseconds. */
  readonly jitter: number;
  /** In pixels; of several layers the largest. 0 for sound. */
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** How often the picture stood still. */
  readonly freezes: number;
  /** For which share of the time it did, 0 to 1. Null where the browser does not tell, and for what is sent. */
  readonly frozen: number | null;
  /** Which share of the sound was made up because it did not come, 0 to 1. */
  readonly concealed: number;
  /** As `VP8` or `opus`; empty as long as it is not known. */
  readonly codec: string;
}

/** Sums over all connections, in the time since the value before. */
export interface TrafficStatistics {
  /** Round trip, in milliseconds; of several connections the longest. Null as long as it is not known. */
  readonly rtt: number | null;
  /** What was lost of what one receives, 0 to 1. */
  readonly loss: number;
  /** What was lost of what one sends, 0 to 1. */
  readonly sendLoss: number;
  readonly sendKbps: number;
  readonly receiveKbps: number;
  /** What the browser believes could be sent; null where it does not tell (Firefox, or nothing is sent). */
  readonly availableSendKbps: number | null;
  /** Why one's videos are sent in less than full quality: `bandwidth` before `cpu` before `other`. */
  readonly limit: Limit;
  readonly streams: ReadonlyMap<string, StreamStatistics>;
}

const LIMITS: readonly Limit[] = ['bandwidth', 'cpu', 'other', 'none'];

const COUNTED = ['bytes', 'packets', 'lost', 'freezes', 'frozen', 'samples', 'concealed'] as const;
type Counted = (typeof COUNTED)[number];

interface Difference extends Record<Counted, number> {
  publication: string;
  now: StreamSample;
}

/** Rates between two samples, `elapsed` milliseconds apart. A stream that is new, or counts anew, began in between: from zero. */
export function compareSamples(
  before: readonly LinkSample[],
  after: readonly LinkSample[],
  elapsed: number,
): TrafficStatistics {
  const known = new Map(before.flatMap(({ streams }) => streams.map((stream) => [stream.key, stream] as const)));
  const differences = after.flatMap(({ streams }) => streams.flatMap((now) => compare(known.get(now.key), now)));
  const kbps = (bytes: number) => (elapsed > 0 ? (bytes * 8) / elapsed : 0);
  const sent = differences.filter(({ now }) => now.direction === 'send');
  const received = differences.filter(({ now }) => now.direction === 'receive');
  // In a direct call the connection to the server stands by, and its round trip is nobody's.
  const busy = after.filter(({ streams }) => streams.some(({ publication }) => publication !== null));
  const links = busy.length > 0 ? busy : after;
  const rtts = links.flatMap(({ rtt }) => (rtt === null ? [] : [rtt * 1000]));
  const available = links.flatMap(({ availableSend }) => (availableSend === null ? [] : [availableSend / 1000]));
  return {
    rtt: rtts.length > 0 ? Math.max(...rtts) : null,
    loss: receiveLoss(received),
    sendLoss: sendLoss(sent),
    sendKbps: kbps(sum(sent, 'bytes')),
    receiveKbps: kbps(sum(received, 'bytes')),
    availableSendKbps: available.length > 0 ? available.reduce((a, b) => a + b) : null,
    limit: LIMITS.find((limit) => sent.some(({ now }) => now.limit === limit)) ?? 'none',
    streams: byPublication(differences, elapsed),
  };
}

function byPublication(differences: readonly Difference[], elapsed: number): Map<string, StreamStatistics> {
  const perMs = (count: number) => (elapsed > 0 ? count / elapsed : 0);
  const groups = new Map<string, Difference[]>();
  for (const difference of differences) {
    const { publication } = difference;
    groups.set(publication, [...(groups.get(publication) ?? []), difference]);
  }
  const streams = new Map<string, StreamStatistics>();
  for (const [publication, group] of groups) {
    // What is measured and not counted is told of the stream that carries most: while roads change there are two, with layers several.
    const main = group.reduce((best, one) => (one.bytes > best.bytes ? one : best)).now;
    const { direction, jitter, width, height, fps, codec } = main;
    streams.set(publication, {
      direction,
      kbps: perMs(sum(group, 'bytes') * 8),
      loss: direction === 'send' ? sendLoss(group) : receiveLoss(group),
      jitter: jitter * 1000,
      width,
      height,
      fps,
      freezes: sum(group, 'freezes'),
      frozen: direction === 'receive' && main.tellsFreezes ? Math.min(1, perMs(sum(group, 'frozen') * 1000)) : null,
      concealed: share(sum(group, 'concealed'), sum(group, 'samples')),
      codec,
    });
  }
  return streams;
}

function compare(before: StreamSample | undefined, now: StreamSample): Difference[] {
  const { publication } = now;
  if (publication === null) return [];
  const goesOn = before && now.bytes >= before.bytes && now.packets >= before.packets;
  // Packets that come late are taken back from the lost ones.
  const counts = COUNTED.map((count) => [count, Math.max(0, now[count] - (goesOn ? before[count] : 0))]);
  return [{ publication, now, ...(Object.fromEntries(counts) as Record<Counted, number>) }];
}

function sum(differences: readonly Difference[], field: Counted): number {
  return differences.reduce((total, difference) => total + difference[field], 0);
}

const share = (part: number, all: number): number => (all > 0 ? Math.min(1, part / all) : 0);

function receiveLoss(differences: readonly Difference[]): number {
  const lost = sum(differences, 'lost');
  const all = lost + sum(differences, 'packets');
  return all > 0 ? lost / all : 0;
}

function sendLoss(differences: readonly Difference[]): number {
  const packets = sum(differences, 'packets');
  const lost = differences.reduce((total, { now, packets: sent }) => total + now.fractionLost * sent, 0);
  return packets > 0 ? lost / packets : 0;
}
