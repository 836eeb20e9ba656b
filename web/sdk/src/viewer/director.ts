import type { Source, Speaker } from '../room/room-events.js';

/** What the choice needs to know of a publication. */
export interface Showable {
  readonly source: Source;
  readonly muted: boolean;
  readonly participant: { readonly id: string };
}

export interface Scene<P extends Showable> {
  /** In the order in which they appeared. */
  publications: readonly P[];
  /** Id of the person whom a moderator shows to everybody. */
  spotlight: string | null;
  /** Loudest first. */
  speakers: readonly Speaker[];
}

export interface Choice<P> {
  shown: P | null;
  /** Milliseconds after which to choose again even if nothing happens; null: no need. */
  again: number | null;
}

/** Who is shown for speaking is shown at least so long: somebody's cough must not move the picture. Milliseconds. */
const HOLD = 2000;

/**
 * Decides what is shown to those who watch: the newest screen; else who is in the spotlight; else who speaks, or spoke last; else the
 * newest camera.
 */
export class Director {
  #speaker: string | null = null;
  #since = 0;

  /** `now` in milliseconds of any steady clock. */
  choose<P extends Showable>({ publications, spotlight, speakers }: Scene<P>, now: number): Choice<P> {
    const visible = publications.filter(({ muted }) => !muted);
    const cameras = visible.filter(({ source }) => source === 'camera');
    const cameraOf = (id: string | null) => cameras.find(({ participant }) => participant.id === id);
    const again = this.#follow(speakers.find(({ participant }) => cameraOf(participant))?.participant, cameraOf, now);
    const shown =
      visible.findLast(({ source }) => source === 'screen') ??
      cameraOf(spotlight) ??
      cameraOf(this.#speaker) ??
      cameras.at(-1) ??
      null;
    return { shown, again };
  }

  #follow(speaking: string | undefined, cameraOf: (id: string | null) => unknown, now: number): number | null {
    if (!cameraOf(this.#speaker)) this.#speaker = null;
    if (speaking === undefined || speaking === this.#speaker) return null;
    const wait = this.#since + HOLD - now;
    if (this.#speaker !== null && wait > 0) return wait;
    this.#speaker = speaking;
    this.#since = now;
    return null;
  }
}
