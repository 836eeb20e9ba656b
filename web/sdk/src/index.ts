export type { EventOf } from './common/emitter.js';
export type { RoomErrorCode } from './common/room-error.js';
export { RoomError } from './common/room-error.js';
export type { DeviceKind, DeviceState, OpenOptions, OpenRequest } from './devices/devices.js';
export { Devices } from './devices/devices.js';
export type { Chat } from './room/chat.js';
export type { CallOptions } from './room/context.js';
export type { DisplayOptions, DisplayShare, LocalParticipant, PublishOptions } from './room/local-participant.js';
export type { LocalPublication } from './room/local-publication.js';
export type { Environment, JoinOptions, RoomDebug, RoomOptions, RoomRoads } from './room/options.js';
export type { Participant } from './room/participant.js';
export type { Preference, Publication, Quality } from './room/publication.js';
export { Room } from './room/room.js';
export type {
  Kind,
  Message,
  ParticipantSnapshot,
  PublicationSnapshot,
  Right,
  Road,
  Role,
  RoomEvents,
  RoomInfo,
  RoomSnapshot,
  RoomState,
  Source,
  Speaker,
  Visitor,
} from './room/room-events.js';
