import type { DirectSpeakers as Full } from '../room/direct-speakers.js';

/** In place of who speaks in a direct call: who only shows a stream gets it by the server, which says who speaks, and every byte is downloaded. */
export class DirectSpeakers implements Pick<Full, 'running' | 'start' | 'stop'> {
  readonly running = false;
  start(): void {}
  stop(): void {}
}
