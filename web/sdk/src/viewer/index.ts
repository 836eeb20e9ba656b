export type { EventOf } from '../common/emitter.js';
export type { RoomErrorCode } from '../common/room-error.js';
export { RoomError } from '../common/room-error.js';
export type { Quality } from '../room/publication.js';
export type { Source } from '../room/room-events.js';
export type { Shown, ViewerEvents, ViewerOptions, ViewerState } from './live-viewer.js';
export { LiveViewer } from './live-viewer.js';
