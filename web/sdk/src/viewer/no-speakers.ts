import type { Speaker } from '../room/room-events.js';
import type { Speakers as Full } from '../room/speakers.js';

/** In place of who speaks, also in a direct call: who only shows a stream gets it by the server, which says who speaks, and every byte is downloaded. */
export class Speakers implements Pick<Full, 'now' | 'handleJoined' | 'handleTold' | 'handleTopology' | 'handleClosed'> {
  now: readonly Speaker[] = [];
  readonly #changed: (speakers: readonly Speaker[]) => void;

  constructor({ changed }: { changed: (speakers: readonly Speaker[]) => void }) {
    this.#changed = changed;
  }

  handleJoined(): void {
    this.now = [];
  }

  handleTold(speakers: readonly Speaker[]): void {
    this.now = speakers;
    this.#changed(speakers);
  }

  handleTopology(): void {}

  handleClosed(): void {}
}
