import type { RoomError } from '../common/room-error.js';
import type { SharedFile } from './files.js';
import type { LocalParticipant } from './local-participant.js';
import type { LocalPublication } from './local-publication.js';
import type { Participant } from './participant.js';
import type { Publication } from './publication.js';
import type { SharedChange } from './shared.js';

/** `new → connecting → (waiting) → connected ⇄ reconnecting → closed`. */
export type RoomState = 'new' | 'connecting' | 'waiting' | 'connected' | 'reconnecting' | 'closed';
/** What a person may do: watch, take part, or rule the room. `rights` say it exactly. */
export type Role = 'viewer' | 'speaker' | 'moderator';
/** What a track shows or lets one hear. One person has one publication of each at most. */
export type Source = 'camera' | 'microphone' | 'screen' | 'screen_audio';
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
export interface RoomInfo {
  readonly name: string;
  /** Nobody else gets in. */
  readonly locked: boolean;
  /** Newcomers wait for somebody to admit them. */
  readonly waitingRoom: boolean;
  readonly maxParticipants: number;
  /** Id of the person whom a moderator shows large to everybody. */
  readonly spotlight: string | null;
  /** How many listen besides those whom everybody is shown; to moderators they are among the `participants`. */
  readonly audience?: number;
}
/** Somebody who speaks now. */
export interface Speaker {
  /** Id of the person. */
  readonly participant: string;
  /** Id of what is heard. */
  readonly publication: string;
  /** How loud, in -dBov: 0 is loudest, 127 silence. */
  readonly level: number;
}
/**
 * How good somebody's way to the server and back is. `lost`: his signalling is; `poor`: much is lost or late, or his network does not carry
 * what he wants to see.
 */
export type ConnectionQuality = 'excellent' | 'good' | 'poor' | 'lost';
/** A message of the chat. */
export interface Message {
  /** Never given twice. */
  readonly id: string;
  /** Id of the participant, who may have left meanwhile. */
  readonly sender: string;
  /** The sender's name as it was then. */
  readonly name: string;
  readonly text: string;
  /** Id of the only other one who gets it; null for everyone. */
  readonly to: string | null;
  /** In seconds since 1970, by the server's clock. */
  readonly time: number;
  /** Its place in the room's chat: the numbers rise, with gaps. */
  readonly number: number;
  /** Number of its last change, out of the same row; left out: it is as it was said. */
  readonly change?: number;
  /** When its text was changed last, in seconds since 1970; left out: never. */
  readonly edited?: number | null;
  /** Nothing is left of it but this mark. */
  readonly deleted?: boolean;
  /** Signs under it; left out: none. */
  readonly reactions?: readonly MessageReaction[];
}
/** Who has put a sign under a message. */
export interface MessageReaction {
  /** Such as an emoji; it may be any text. */
  readonly reaction: string;
  /** Ids, in the order of their doing so. */
  readonly by: readonly string[];
}
/** Somebody who waits to be admitted. */
export interface Visitor {
  readonly id: string;
  readonly name: string;
  readonly metadata: string;
}
/** The road that media takes. */
export interface Road {
  /** Straight between people, or by the server. */
  readonly mode: 'direct' | 'sfu';
  /** `prepare` while it is being made, and the road before still in use. */
  readonly phase: 'prepare' | 'commit';
}

/** Fields of the room's events. An event only says that something changed: what is true stands in the room at any time. */
export interface RoomEvents {
  statechange: { state: RoomState; reason: RoomError | null };
  /** Somebody came, left or changed. */
  participantschange: object;
  publicationadded: { publication: Publication; participant: Participant };
  publicationremoved: { publication: Publication | LocalPublication; participant: Participant | LocalParticipant };
  /** Muted, another size or another track. */
  publicationchanged: { publication: Publication | LocalPublication; participant: Participant | LocalParticipant };
  /**
   * A publication can be seen or heard, as with RTCPeerConnection. `stream` holds what belongs together: the camera and microphone
   * of a person, or their screen and its sound. It stays the same object whatever road the media takes; so does `publication.stream`,
   * which holds that track alone.
   */
  track: { track: MediaStreamTrack; stream: MediaStream; participant: Participant; publication: Publication };
  /** One's own track has ended by itself: the device was unplugged, or the browser's "stop sharing" was pressed. */
  publicationended: { publication: LocalPublication };
  speakerschange: { speakers: readonly Speaker[] };
  /** `participant.connectionQuality` is another one; every four seconds at most for each. */
  connectionqualitychange: { participant: Participant | LocalParticipant };
  chat: { message: Message };
  /** A message was edited or deleted, or has other reactions: as it is now. It may be older than all in `chat.messages`. */
  chatchange: { message: Message };
  /** All that was said up to this number was deleted. */
  chatcleared: { number: number };
  /** What somebody (by id) says of himself is another thing; null: nothing any more. See `Room.presence`. */
  presencechange: { participant: string; state: unknown };
  /** A key that all share was set, or deleted. See `Room.shared`. */
  sharedchange: SharedChange;
  /** Somebody has shared a file; one's own come, too. */
  fileadded: { file: SharedFile };
  /** One of the `files.known` was deleted. */
  fileremoved: { file: SharedFile };
  /** A sign that passes, from `participant` (an id; one's own come back, too). */
  reaction: { participant: string; reaction: string };
  /** The moderator with the id `by` asks one to turn on microphone or camera. */
  unmuteasked: { by: string; source: Source };
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
  /** The place among the raised hands: the lowest was first; 0 while the hand is down. */
  readonly hand: number;
  readonly connectionQuality: ConnectionQuality | null;
  readonly connectionScore: number | null;
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
  /** See `Room.bySocket`. */
  readonly bySocket: boolean;
  readonly messages: readonly Message[];
  /** See `Chat`, as the next two. */
  readonly typists: readonly string[];
  readonly privateTypists: readonly string[];
  readonly readMarks: ReadonlyMap<string, number>;
  readonly files: readonly SharedFile[];
}
