import type { Chat, createChat as create } from '../room/chat.js';

/** In place of the room's chat in `viewer.js`: who only shows a stream has no way to it, and every byte is downloaded. */
export const createChat: typeof create = () => ({
  chat: { messages: [] } as unknown as Chat,
  input: { handleMessage() {}, handleJoined() {}, handleClosed() {} },
});
