import type { Topics as Full } from '../room/data.js';

/** In place of an app's own messages: who only shows a stream has no way to them, and every byte is downloaded. */
export class Topics implements Pick<Full, 'handleMessage' | 'handleClosed'> {
  handleMessage(): void {}
  handleClosed(): void {}
}
