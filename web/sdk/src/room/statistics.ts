import { AsyncQueue } from '../common/async-queue.js';
import type { Clock } from '../common/clock.js';
import { ClockedTimeouts } from '../common/clock.js';
import type { Limit, LinkSample } from '../media/link-sample.js';
import type { compareSamples, StreamStatistics, TrafficStatistics } from '../media/statistics.js';
import type { ReceptionChanged, TrackReport } from '../wire/generated.js';
import type { CallOptions } from './context.js';
import type { Kind, Road, Source } from './room-events.js';
import type { Told } from './told.js';

export type { Limit } from '../media/link-sample.js';

/** The first value comes soon, for who opens a panel. Milliseconds. */
const FIRST_MS = 500;
const SHORTEST_MS = 250;
/** A timer may be early by this much. */
const SLACK_MS = 20;

export interface StatisticsOptions extends CallOptions {
  /** Milliseconds between two values, 250 at least; default 2000. */
  every?: number;
}

/** Why one gets the layer of a video that one gets: see `PublicationStatistics.reason`. */
export type LayerReason = 'best' | 'size' | 'bandwidth' | 'publisher' | 'hidden' | 'starved';

/** One publication, one's own or received, in the time since the last measurement. */
export interface PublicationStatistics extends StreamStatistics {
  /** Id of its owner. */
  readonly participant: string;
  readonly source: Source;
  readonly kind: Kind;
  /**
   * Why it is no better layer, as the server says: `best`, there is no better one; `size`, the tile has no use for one; `bandwidth`, one's
   * network does not carry one; `publisher`, its owner sends none, or nothing yet; `hidden`, nothing comes, for nobody looks; `starved`,
   * nothing comes, for one's network carries not even the least. Null for what is sent, and in a direct call.
   */
  readonly reason: LayerReason | null;
  /** How good it comes, 1 (bad) to 5 (excellent), as the server reckons; null where it does not know. */
  readonly score: number | null;
}

/**
 * How good the connection is, as this page measures it: 4 with a round trip below 150 ms and less than 1 % lost (of either direction the
 * worse), 3 below 300 ms and 3 %, 2 below 500 ms and 8 %, else 1; not above 3 while one's video is reduced for lack of bandwidth; 0 while
 * the room is interrupted, or with 25 % lost.
 */
export type QualityLevel = 0 | 1 | 2 | 3 | 4;

/** How one's connection does, in the time since the last measurement. */
export interface ConnectionStatistics {
  readonly level: QualityLevel;
  /** Round trip, in milliseconds; null as long as it is not known. */
  readonly rtt: number | null;
  /** What was lost of what one receives, 0 to 1. */
  readonly loss: number;
  readonly sendKbps: number;
  readonly receiveKbps: number;
  /** Why one's videos are sent in less than full quality. */
  readonly limit: Limit;
}

/** Everything that is measured, in the time since the last measurement. Rates are of media with its headers. */
export interface RoomStatistics extends ConnectionStatistics, Omit<TrafficStatistics, 'streams'> {
  /** As `performance.now()`. */
  readonly at: number;
  readonly road: Road['mode'];
  /** What goes and comes now, by id; a publication that sends nothing is left out. */
  readonly publications: ReadonlyMap<string, PublicationStatistics>;
}

export interface StatisticsPorts {
  readonly clock: Clock;
  sample(): Promise<LinkSample[]>;
  /** Null before the room is joined. */
  road(): Road['mode'] | null;
  interrupted(): boolean;
  find(publication: string): { participant: { id: string }; source: Source; kind: Kind } | null;
  /** For the server. */
  report(received: TrackReport[]): void;
}

interface Reader {
  every: number;
  due: number;
  push(value: RoomStatistics): void;
  end(): void;
}

/** Measures while somebody reads: one poll of all connections for all who are due. */
export class Statistics {
  readonly #ports: StatisticsPorts;
  readonly #timers: ClockedTimeouts;
  readonly #readers = new Set<Reader>();
  #before: { at: number; samples: LinkSample[] } | null = null;
  #told: Promise<Told> | null = null;
  #polling = false;
  #closed = false;

  constructor(ports: StatisticsPorts) {
    this.#ports = ports;
    this.#timers = new ClockedTimeouts(ports.clock);
  }

  /** The values as `select` makes them. Who reads slowly gets the newest. Ends when `signal` is aborted or the room is closed. */
  iterate<T>({ every = 2000, signal = null }: StatisticsOptions, select: (value: RoomStatistics) => T): AsyncQueue<T> {
    const now = this.#ports.clock.now();
    const interval = Math.max(SHORTEST_MS, every);
    const next = Math.min(...[...this.#readers].map(({ due }) => due));
    const reader: Reader = {
      every: interval,
      due: next <= now + interval ? next : now + Math.min(FIRST_MS, interval),
      push: (value) => queue.push(select(value)),
      end: () => queue.end(),
    };
    const queue = new AsyncQueue<T>({ limit: 1, signal, ended: () => this.#remove(reader) });
    if (this.#closed) queue.end();
    else if (!signal?.aborted) {
      this.#readers.add(reader);
      if (this.#readers.size === 1) void this.#poll();
      else this.#schedule();
    }
    return queue;
  }

  /** The server tells what comes here. */
  handleTold(message: ReceptionChanged): void {
    // Loaded then: who talks directly does without.
    this.#told ??= import('./told.js').then(({ Told }) => new Told(this.#ports));
    void this.#told.then((told) => told.handle(message));
  }

  handleClosed(): void {
    this.#closed = true;
    void this.#told?.then((told) => told.handleClosed());
    for (const reader of [...this.#readers]) reader.end();
  }

  #remove(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    this.#timers.clearAll();
    this.#before = null;
  }

  #schedule(): void {
    if (this.#polling || this.#readers.size === 0) return;
    const next = Math.min(...[...this.#readers].map(({ due }) => due));
    this.#timers.set('poll', Math.max(0, next - this.#ports.clock.now()), () => void this.#poll());
  }

  async #poll(): Promise<void> {
    if (this.#polling) return;
    this.#polling = true;
    // Loaded when somebody reads: a page that only shows a stream does without.
    const [samples, { compareSamples }, told] = await Promise.all([
      this.#ports.sample(),
      import('../media/statistics.js'),
      this.#told,
    ]);
    this.#polling = false;
    if (this.#readers.size === 0) return;
    const now = this.#ports.clock.now();
    const value = this.#value(samples, now, compareSamples, told);
    this.#before = { at: now, samples };
    for (const reader of [...this.#readers]) {
      if (reader.due > now + SLACK_MS) continue;
      reader.due = now + reader.every;
      if (value) reader.push(value);
    }
    this.#schedule();
  }

  #value(samples: LinkSample[], now: number, compare: typeof compareSamples, told: Told | null): RoomStatistics | null {
    const road = this.#ports.road();
    if (!road || !this.#before) return null;
    const { streams, ...traffic } = compare(this.#before.samples, samples, now - this.#before.at);
    const publications = new Map<string, PublicationStatistics>();
    for (const [id, stream] of streams) {
      const publication = this.#ports.find(id);
      if (!publication) continue;
      const { participant, source, kind } = publication;
      const { reason = null, score = null } = (stream.direction === 'receive' && told?.track(id)) || {};
      publications.set(id, { participant: participant.id, source, kind, ...stream, reason, score });
    }
    const level = this.#ports.interrupted() ? 0 : levelOf(traffic);
    return { at: now, road, level, ...traffic, publications };
  }
}

export function qualityOf({ level, rtt, loss, sendKbps, receiveKbps, limit }: RoomStatistics): ConnectionStatistics {
  return { level, rtt, loss, sendKbps, receiveKbps, limit };
}

function levelOf({ rtt, loss, sendLoss, limit }: Omit<TrafficStatistics, 'streams'>): QualityLevel {
  const lost = Math.max(loss, sendLoss);
  const trip = rtt ?? 0;
  if (lost >= 0.25) return 0;
  if (lost >= 0.08 || trip >= 500) return 1;
  if (lost >= 0.03 || trip >= 300) return 2;
  return lost >= 0.01 || trip >= 150 || limit === 'bandwidth' ? 3 : 4;
}
