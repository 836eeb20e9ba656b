import type { RoomError } from '../common/room-error.js';
import type {
  ChatMessage,
  Topology,
  Participant as WireParticipant,
  Publication as WirePublication,
  RoomState as WireRoom,
  Speaker as WireSpeaker,
} from '../wire/generated.js';
import type { LocalParticipant } from './local-participant.js';
import type { LocalPublication } from './local-publication.js';
import type { Participant } from './participant.js';
import type { Publication } from './publication.js';

/** `new → connecting → (waiting) → connected ⇄ reconnecting → closed`. */
export type RoomState = 'new' | 'connecting' | 'waiting' | 'connected' | 'reconnecting' | 'closed';
export type Role = WireParticipant['role'];
export type Source = WirePublication['source'];
export type { Kind } from '../media/send-sections.js';
/** What a person may do here. */
export type Right =
  | 'publish:camera'
  | 'publish:microphone'
  | 'publish:screen'
  | 'subscribe'
  | 'data'
  | 'chat'
  | 'record'
  | 'admit'
  | 'moderate';
/** The room itself. */
export type RoomInfo = Readonly<WireRoom>;
/** Who speaks, and how loud in -dBov: 0 is loudest, 127 silence. */
export type Speaker = Readonly<WireSpeaker>;
/** `time` is in seconds since 1970, by the server's clock. `to` is null for everyone. */
export type Message = Readonly<ChatMessage>;
/** Somebody who waits to be admitted. */
export interface Visitor {
  readonly id: string;
  readonly name: string;
  readonly metadata: string;
}
/** The road that media takes: `direct` between two people, or by the server (`sfu`); `prepare` while it changes. */
export type Road = Readonly<Pick<Topology, 'mode' | 'phase'>>;

/** Fields of the room's events. An event only says that something changed: what is true stands in the room at any time. */
export interface RoomEvents {
  statechange: { state: RoomState; reason: RoomError | null };
  /** Somebody came, left or changed. */
  participantschange: object;
  publicationadded: { publication: Publication; participant: Participant };
  publicationremoved: { publication: Publication | LocalPublication; participant: Participant | LocalParticipant };
  /** Muted, another size, another track, or (one's own) the device has ended. */
  publicationchanged: { publication: Publication | LocalPublication; participant: Participant | LocalParticipant };
  /**
   * A publication can be seen or heard, as with RTCPeerConnection. `stream` holds what belongs together: the camera and microphone
   * of a person, or their screen and its sound. It stays the same object whatever road the media takes; so does `publication.stream`,
   * which holds that track alone.
   */
  track: { track: MediaStreamTrack; stream: MediaStream; participant: Participant; publication: Publication };
  speakerschange: { speakers: readonly Speaker[] };
  chat: { message: Message };
  /** Somebody waits to be admitted. */
  knock: { visitor: Visitor };
  topologychange: Road;
  roomchange: { info: RoomInfo };
  rightschange: { role: Role; rights: readonly Right[] };
  /** An attempt to come back: of the signalling (`signal`), of media (`ice`), or by joining anew (`full`). `delay` in milliseconds. */
  reconnecting: { attempt: number; phase: 'signal' | 'ice' | 'full'; delay: number };
  /** Something went wrong by itself, and will be cured if it can be. */
  fault: { error: RoomError };
}

export interface PublicationSnapshot {
  readonly id: string;
  readonly source: Source;
  readonly kind: 'audio' | 'video';
  readonly muted: boolean;
  readonly width: number;
  readonly height: number;
  readonly track: MediaStreamTrack | null;
  readonly stream: MediaStream;
}

export interface ParticipantSnapshot {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly connected: boolean;
  readonly metadata: string;
  readonly local: boolean;
  readonly publications: readonly PublicationSnapshot[];
}

/** The whole room, immutable; parts that did not change are the same objects as in the snapshot before. */
export interface RoomSnapshot {
  readonly version: number;
  readonly state: RoomState;
  readonly reason: RoomError | null;
  readonly info: RoomInfo | null;
  readonly rights: readonly Right[];
  readonly local: ParticipantSnapshot | null;
  readonly participants: readonly ParticipantSnapshot[];
  readonly speakers: readonly Speaker[];
  readonly knocking: readonly Visitor[];
  readonly topology: Road | null;
  readonly messages: readonly Message[];
}
