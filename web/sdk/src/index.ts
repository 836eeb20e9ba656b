/**
 * Rooms and calls.
 *
 * @module tertulia-client
 */

export type { Clock, TimerHandle } from './common/clock.js';
export type { EventOf, Listener } from './common/emitter.js';
export type { RoomErrorCode } from './common/room-error.js';
export { RoomError } from './common/room-error.js';
export type {
  DeviceKind,
  DeviceOptions,
  DeviceState,
  DisplayRequest,
  OpenOptions,
  OpenRequest,
} from './devices/devices.js';
export { Devices } from './devices/devices.js';
export type { DocumentStatus, SharedDocument, SharedDocumentEvents } from './documents/index.js';
export type { ConnectionFactory } from './media/link.js';
export type { ChannelKind } from './media/link-channels.js';
export type { VideoEncoding } from './media/send-section.js';
export type { ChannelOptions, ChannelTopic } from './room/channels.js';
export type { Chat, History, HistoryOptions } from './room/chat.js';
export type { CallOptions } from './room/context.js';
export type { DataMessage, DataTopic, TopicOptions } from './room/data.js';
export type { DisplayOptions, DisplayShare } from './room/display-share.js';
export type { EncodingOptions, VideoCodec } from './room/encodings.js';
export type { FileLink, FileListOptions, Files, SharedFile, UploadOptions } from './room/files.js';
export type { LocalParticipant, PublishOptions } from './room/local-participant.js';
export type { LocalPublication } from './room/local-publication.js';
export type { Environment, JoinOptions, RoomDebug, RoomOptions, RoomRoads } from './room/options.js';
export type { Participant } from './room/participant.js';
export type { Presence } from './room/presence.js';
export type { Preference, Publication, Quality } from './room/publication.js';
export { Room } from './room/room.js';
export type {
  ConnectionQuality,
  Kind,
  Message,
  MessageReaction,
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
export type { Shared, SharedChange, SharedValue } from './room/shared.js';
export type {
  ConnectionStatistics,
  LayerReason,
  Limit,
  PublicationStatistics,
  QualityLevel,
  RoomStatistics,
  StatisticsOptions,
} from './room/statistics.js';
export type { SubscribeOptions, Topic, TopicMessage } from './room/topic.js';
export type { SignalSocket, SocketFactory, WakeUps } from './signal/signal-socket.js';
export type { ErrorCode } from './wire/generated.js';
