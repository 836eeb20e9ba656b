import type { createFiles as create, Files } from '../room/files.js';

/** In place of the room's files in `viewer.js`: who only shows a stream has no way to them, and every byte is downloaded. */
export const createFiles: typeof create = () => ({
  files: { known: [] } as unknown as Files,
  input: { handleAdded() {}, handleRemoved() {}, handleJoined() {} },
});
