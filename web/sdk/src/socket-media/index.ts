// Media by the WebSocket, where there is no WebRTC: encoded and decoded by WebCodecs. `Room` loads this module by itself.
export { createSocketLink, type SocketLink } from './socket-link.js';
