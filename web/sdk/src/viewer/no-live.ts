import type { createLive as create } from '../room/live.js';

/** In place of the room's live data in `viewer.js`: who only shows a stream has no way to them, and every byte is downloaded. */
export const createLive = (() => ({
  input: { handleJoined() {}, handleResumed() {}, handleMessage() {}, handleLeft() {}, handleClosed() {} },
})) as unknown as typeof create;
