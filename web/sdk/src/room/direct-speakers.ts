import type { Clock } from '../common/clock.js';
import { ClockedTimeouts } from '../common/clock.js';
import type { LevelReader } from '../media/level.js';
import type { Carried } from '../media/link.js';
import type { Speaker } from './room-events.js';
import { Voices } from './voices.js';

const POLL_MS = 200;

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
    this.#schedule();
  }

  stop(): void {
    this.#voices = null;
    this.#timers.clearAll();
    this.#levels?.close();
  }

  #schedule(): void {
    this.#timers.set('poll', POLL_MS, () => void this.#poll());
  }

  async #poll(): Promise<void> {
    const voices = this.#voices;
    const sources = [...this.#ports.sources()];
    // Loaded at the first direct call: a page that only shows a stream has none.
    const { LevelReader } = await import('../media/level.js');
    this.#levels ??= new LevelReader();
    const reader = this.#levels;
    const levels = await Promise.all(sources.map(({ carried }) => reader.read(carried)));
    if (!voices || voices !== this.#voices) {
      if (!this.#voices) reader.close(); // stopped meanwhile
      return;
    }
    const now = this.#ports.clock.now();
    voices.keep(new Set(sources.map(({ publication }) => publication)));
    sources.forEach(({ publication, participant }, index) => {
      const level = levels[index];
      if (level) voices.observe(publication, participant, level.audioLevel, level.mark, now);
    });
    const change = voices.takeChange(now);
    if (change) this.#ports.changed(change);
    this.#schedule();
  }
}
