import type { Speaker } from './room-events.js';

/** Time constant of the mean, in milliseconds: shorter than a syllable would flicker, longer would lag behind a change of turn. */
const SMOOTHING_MS = 250;
const FLOOR = 127;
/** Mean levels in dB above the floor: one begins to speak above the first and stops below the second. */
const ENTER = FLOOR - 50;
const LEAVE = FLOOR - 60;
/** Who is behind must be louder by this much to go ahead. */
const OVERTAKE = 6;
/** Without a new level for so long one is silent. */
const SILENCE_MS = 600;

interface Voice {
  participant: string;
  /** Smoothed, in dB above -127 dBov. */
  loudness: number;
  at: number;
  mark: number;
}

/** Who speaks, by the rules that the server has for its rooms: so a change of road changes nobody's ring. Ids are of publications. */
export class Voices {
  readonly #voices = new Map<string, Voice>();
  #active: readonly string[] | null = null;

  /** `audioLevel` is linear, 0 to 1; a `mark` that was seen before is no new level. */
  observe(publication: string, participant: string, audioLevel: number, mark: number, now: number): void {
    const before = this.#voices.get(publication);
    if (before?.mark === mark) return;
    const decibels = audioLevel > 0 ? Math.min(FLOOR, Math.max(0, FLOOR + 20 * Math.log10(audioLevel))) : 0;
    const loudness = before?.loudness ?? decibels;
    const weight = 1 - Math.exp(-(now - (before?.at ?? now)) / SMOOTHING_MS);
    this.#voices.set(publication, {
      participant,
      loudness: loudness + (decibels - loudness) * weight,
      at: now,
      mark,
    });
  }

  /** Only these are left. */
  keep(publications: ReadonlySet<string>): void {
    for (const id of [...this.#voices.keys()]) if (!publications.has(id)) this.#voices.delete(id);
  }

  /** The speakers, loudest first, the first time and whenever they or their order are others than the last time. */
  takeChange(now: number): Speaker[] | null {
    const level = (id: string) => {
      const voice = this.#voices.get(id);
      return voice && now - voice.at < SILENCE_MS ? voice.loudness : 0;
    };
    const before = this.#active ?? [];
    const active = before.filter((id) => level(id) >= LEAVE);
    const entering = [...this.#voices.keys()].filter((id) => !active.includes(id) && level(id) >= ENTER);
    active.push(...entering.sort((a, b) => level(b) - level(a)));
    for (let end = 1; end < active.length; end++) {
      for (let at = end; at > 0; at--) {
        const [ahead, behind] = [active[at - 1] as string, active[at] as string];
        if (level(behind) <= level(ahead) + OVERTAKE) break;
        active[at - 1] = behind;
        active[at] = ahead;
      }
    }
    const same = this.#active && active.length === before.length && active.every((id, index) => id === before[index]);
    this.#active = active;
    if (same) return null;
    return active.map((publication) => ({
      participant: this.#voices.get(publication)?.participant ?? '',
      publication,
      level: FLOOR - Math.round(level(publication)),
    }));
  }
}
