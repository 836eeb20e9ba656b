import { ClockedTimeouts } from '../common/clock.js';
import type { LinkSample } from '../media/link-sample.js';
import { compareSamples } from '../media/statistics.js';
import type { ReceptionChanged, TrackReception, TrackReport } from '../wire/generated.js';
import type { StatisticsPorts } from './statistics.js';

/** Milliseconds; the server counts in four seconds, and takes no more reports than one in five. */
const REPORT_MS = 5000;
/** As many as one report takes. */
const TRACKS_MAX = 100;

/**
 * What the server tells of what comes here, and what it is told in turn: how that is received, which it cannot know. Begins with the
 * first word of the server about it; a direct call is none of its business.
 */
export class Told {
  readonly #ports: StatisticsPorts;
  readonly #timers: ClockedTimeouts;
  readonly #tracks = new Map<string, TrackReception>();
  #before: { at: number; samples: LinkSample[] } | null = null;
  #closed = false;

  constructor(ports: StatisticsPorts) {
    this.#ports = ports;
    this.#timers = new ClockedTimeouts(ports.clock);
  }

  track(publication: string): TrackReception | null {
    return this.#tracks.get(publication) ?? null;
  }

  handle({ tracks }: ReceptionChanged): void {
    for (const it of tracks) this.#tracks.set(it.publication, it);
    if (!this.#timers.has('report') && !this.#closed) this.#schedule();
  }

  handleClosed(): void {
    this.#closed = true;
    this.#timers.clearAll();
  }

  #schedule(): void {
    this.#timers.set('report', REPORT_MS, () => void this.#report());
  }

  async #report(): Promise<void> {
    this.#forgetGone();
    const samples = await this.#ports.sample();
    if (this.#closed) return;
    this.#schedule();
    const at = this.#ports.clock.now();
    const before = this.#before;
    this.#before = { at, samples };
    if (!before || this.#ports.road() !== 'sfu') return;
    const received = [...reports(before.samples, samples, at - before.at)].filter(({ publication }) =>
      this.#ports.find(publication),
    );
    if (received.length > 0) this.#ports.report(received.slice(0, TRACKS_MAX));
  }

  #forgetGone(): void {
    for (const id of this.#tracks.keys()) if (!this.#ports.find(id)) this.#tracks.delete(id);
  }
}

function* reports(
  before: readonly LinkSample[],
  after: readonly LinkSample[],
  elapsed: number,
): Generator<TrackReport> {
  for (const [publication, stream] of compareSamples(before, after, elapsed).streams) {
    const { direction, kbps, freezes, frozen, concealed, fps, width, height } = stream;
    // Of what does not come, or of whose freezes the browser knows nothing, there is nothing to say.
    if (direction === 'send' || kbps === 0 || (frozen === null && width > 0)) continue;
    yield {
      publication,
      freezes: Math.min(freezes, 10_000),
      frozen: rounded(frozen ?? 0),
      concealed: rounded(concealed),
      frameRate: rounded(Math.min(fps, 1000)),
      width: Math.min(width, 16_384),
      height: Math.min(height, 16_384),
    };
  }
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;
