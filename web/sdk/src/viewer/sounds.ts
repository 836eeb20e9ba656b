import { Emitter } from '../common/emitter.js';
import type { Publication } from '../room/publication.js';

export interface Listening {
  /** From 0 to 1. */
  volume: number;
  muted: boolean;
  paused: boolean;
}

/**
 * Everything that is heard, each sound by an `<audio>` of its own that is in no page: so none of them breaks off when the picture changes.
 * Sound and picture of one person stay together all the same: browsers align them by their RTP clocks, not by the element.
 */
export class Sounds extends Emitter<{ blocked: object }> {
  readonly #players = new Map<Publication, HTMLAudioElement>();
  #listening: Listening = { volume: 1, muted: false, paused: true };

  /** These from now on, and nothing else. */
  hear(publications: readonly Publication[]): void {
    for (const publication of this.#players.keys()) if (!publications.includes(publication)) this.#drop(publication);
    for (const publication of publications) if (!this.#players.has(publication)) this.#add(publication);
  }

  set(listening: Listening): void {
    this.#listening = listening;
    for (const player of this.#players.values()) this.#apply(player);
  }

  #add(publication: Publication): void {
    const player = new Audio();
    player.srcObject = publication.stream;
    this.#players.set(publication, player);
    this.#apply(player);
    // Where the session ends meanwhile, the next look at the room asks again.
    publication.subscribe().catch(() => this.#drop(publication));
  }

  #drop(publication: Publication): void {
    const player = this.#players.get(publication);
    if (!player) return;
    this.#players.delete(publication);
    player.pause();
    player.srcObject = null;
    publication.unsubscribe().catch(() => undefined);
  }

  #apply(player: HTMLAudioElement): void {
    const { volume, muted, paused } = this.#listening;
    player.volume = volume;
    player.muted = muted;
    // Browsers let a muted <video> play without a gesture, but not a muted <audio>.
    if (muted || paused) player.pause();
    else if (player.paused) {
      player.play().catch((error: unknown) => {
        if (error instanceof DOMException && error.name === 'NotAllowedError') this.emit('blocked', {});
      });
    }
  }
}
