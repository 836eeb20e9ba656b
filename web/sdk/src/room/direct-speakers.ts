import type { Clock } from '../common/clock.js';
import { ClockedTimeouts } from '../common/clock.js';
import type { Level, LevelReader } from '../media/level.js';
import type { Carried } from '../media/link.js';
import type { Speaker } from './room-events.js';
import { Voices } from './voices.js';

const POLL_MS = 200;
/** Until it is tried again to load what measures. */
const RETRY_MS = 5000;

/** Somebody who can be heard now: not muted. */
export interface VoiceSource {
  participant: string;
  publication: string;
  carried: Carried;
}

export interface SpeakersPorts {
  readonly clock: Clock;
  sources(): Iterable<VoiceSource>;
  /** Others speak now, or in another order; loudest first. */
  changed(speakers: readonly Speaker[]): void;
}

/** Who speaks in a direct call, where the server hears nothing. Asks for the levels five times a second while it runs. */
export class DirectSpeakers {
  readonly #ports: SpeakersPorts;
  readonly #timers: ClockedTimeouts;
  #levels: LevelReader | null = null;
  #voices: Voices | null = null;

  constructor(ports: SpeakersPorts) {
    this.#ports = ports;
    this.#timers = new ClockedTimeouts(ports.clock);
  }

  get running(): boolean {
    return this.#voices !== null;
  }

  start(): void {
    if (this.#voices) return;
    this.#voices = new Voices();
    this.#schedule(POLL_MS);
  }

  stop(): void {
    this.#voices = null;
    this.#timers.clearAll();
    this.#levels?.close();
  }

  #schedule(ms: number): void {
    this.#timers.set('poll', ms, () => void this.#poll());
  }

  async #poll(): Promise<void> {
    const voices = this.#voices;
    const sources = [...this.#ports.sources()];
    const levels = await this.#measure(sources);
    if (!voices || voices !== this.#voices) return; // stopped meanwhile
    this.#schedule(levels ? POLL_MS : RETRY_MS);
    if (!levels) return;
    const now = this.#ports.clock.now();
    voices.keep(new Set(sources.map(({ publication }) => publication)));
    sources.forEach(({ publication, participant }, index) => {
      const level = levels[index];
      if (level) voices.observe(publication, participant, level.audioLevel, level.mark, now);
    });
    const change = voices.takeChange(now);
    if (change) this.#ports.changed(change);
  }

  /** The level of each, null where there is none; null in all: what measures could not be loaded, for the network is away. Never rejects. */
  async #measure(sources: readonly VoiceSource[]): Promise<readonly (Level | null)[] | null> {
    // Loaded at the first direct call: a page that only shows a stream has none.
    const module = await import('../media/level.js').catch(() => null);
    if (!module || !this.#voices) return null;
    this.#levels ??= new module.LevelReader();
    const reader = this.#levels;
    // Whoever cannot be measured, because a browser has no more AudioContexts say, does not silence the others.
    const levels = await Promise.all(sources.map(({ carried }) => reader.read(carried).catch(() => null)));
    if (!this.#voices) reader.close();
    return levels;
  }
}
