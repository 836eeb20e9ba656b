// Messages of tertulia.v1. Written by schema/generate.py; don't edit.

export const SUBPROTOCOL = 'tertulia.v1';

/** Every code that an `error` or a `bye` can carry. */
export type ErrorCode =
  | 'malformed'
  | 'unknown_type'
  | 'too_large'
  | 'too_many_messages'
  | 'wrong_order'
  | 'token_required'
  | 'token_invalid'
  | 'token_expired'
  | 'wrong_room'
  | 'identity_taken'
  | 'replaced'
  | 'room_full'
  | 'room_locked'
  | 'room_ended'
  | 'denied'
  | 'too_many_connections'
  | 'too_many_rooms'
  | 'join_timeout'
  | 'not_allowed'
  | 'no_such_participant'
  | 'no_such_publication'
  | 'too_many_publications'
  | 'already_published'
  | 'invalid'
  | 'bad_offer'
  | 'bad_answer'
  | 'stale_offer'
  | 'no_common_codec'
  | 'too_many_sections'
  | 'media_unavailable'
  | 'session_gone'
  | 'too_slow'
  | 'heartbeat_lost'
  | 'removed'
  | 'left'
  | 'server_stopping'
  | 'internal';

/** Types of the messages that a client sends. */
export const CLIENT_MESSAGE_TYPES = [
  'admit',
  'answer',
  'ask_unmute',
  'candidate',
  'chat',
  'data',
  'deny',
  'end',
  'hand',
  'invite',
  'join',
  'leave',
  'lock',
  'mute',
  'offer',
  'ping',
  'prefer',
  'publish',
  'react',
  'remove',
  'resume',
  'road_failed',
  'set_role',
  'spotlight',
  'subscribe',
  'topology_ready',
  'unpublish',
  'unsubscribe',
  'waiting_room',
] as const;

/** Types of the messages that a server sends. */
export const SERVER_MESSAGE_TYPES = [
  'answer',
  'answered',
  'bind',
  'bye',
  'candidate',
  'chat',
  'data',
  'encodings',
  'error',
  'ice_servers',
  'invited',
  'joined',
  'knock',
  'knock_ended',
  'media_lost',
  'need_sections',
  'offer',
  'ok',
  'participant_joined',
  'participant_left',
  'participant_updated',
  'pong',
  'publication_added',
  'publication_removed',
  'publication_updated',
  'published',
  'reaction',
  'resumed',
  'rights_changed',
  'room_updated',
  'speakers',
  'topology',
  'unmute_asked',
  'waiting',
] as const;

/**
 * Messages of tertulia.v1. Written by schema/generate.py; don't edit.
 */
export type Message = ClientMessage | ServerMessage;
export type ClientMessage =
  | Join
  | Resume
  | Ping
  | Leave
  | Publish
  | Unpublish
  | Mute
  | Subscribe
  | Unsubscribe
  | Prefer
  | Offer
  | Answer
  | Candidate
  | TopologyReady
  | RoadFailed
  | Chat
  | Data
  | Hand
  | React
  | AskUnmute
  | Spotlight
  | Admit
  | Deny
  | Remove
  | SetRole
  | Lock
  | WaitingRoom
  | Invite
  | End;
export type ServerMessage =
  | Ok
  | Error
  | Joined
  | Published
  | Invited
  | Answered
  | Waiting
  | ParticipantJoined
  | ParticipantLeft
  | ParticipantUpdated
  | RightsChanged
  | Knock
  | KnockEnded
  | PublicationAdded
  | PublicationRemoved
  | PublicationUpdated
  | RoomUpdated
  | TopologyChanged
  | Bind
  | NeedSections
  | Encodings
  | MediaLost
  | PeerOffer
  | PeerAnswer
  | PeerCandidate
  | ChatReceived
  | DataReceived
  | Reaction
  | UnmuteAsked
  | Speakers
  | IceServers
  | Bye
  | Pong
  | Resumed;

/**
 * The first message of a new session. Reply: `joined`; before it perhaps `waiting`.
 */
export interface Join {
  type: "join";
  id: number;
  room: string;
  name: string;
  token?: string | null;
  identity?: string | null;
  p2p?: boolean;
  autoSubscribe?: boolean;
  role?: ("moderator" | "speaker" | "viewer") | null;
  metadata?: string;
}
/**
 * The first message on a new socket of an old session. Reply: `resumed`, then what was missed, in order.
 */
export interface Resume {
  type: "resume";
  session: string;
  token: string;
  lastSeq: number;
}
/**
 * Heartbeat; not a request. `ack` lets the server forget messages up to that number.
 */
export interface Ping {
  type: "ping";
  ack: number;
  time?: number | null;
}
/**
 * Reply: `bye` with code `left`.
 */
export interface Leave {
  type: "leave";
  id: number;
}
/**
 * Announce a track. Reply: `published`. Media follows by an offer that names it.
 */
export interface Publish {
  type: "publish";
  id: number;
  source: "camera" | "microphone" | "screen" | "screen_audio";
  kind: "audio" | "video";
  muted?: boolean;
  width?: number;
  height?: number;
}
export interface Unpublish {
  type: "unpublish";
  id: number;
  publication: string;
}
/**
 * Own publication: either way. Somebody else's: moderators, and only to mute.
 */
export interface Mute {
  type: "mute";
  id: number;
  publication: string;
  muted: boolean;
}
export interface Subscribe {
  type: "subscribe";
  id: number;
  publication: string;
}
export interface Unsubscribe {
  type: "unsubscribe";
  id: number;
  publication: string;
}
/**
 * How a received video is shown, so that no more is sent than is seen.
 */
export interface Prefer {
  type: "prefer";
  id: number;
  publication: string;
  visible?: boolean;
  width?: number;
  height?: number;
  layer?: "auto" | "high" | "low" | "medium";
  pinned?: boolean;
}
/**
 * To `server`: the whole offer of the connection to the SFU; reply `answer`. To a person: relayed, reply `ok`.
 */
export interface Offer {
  type: "offer";
  id: number;
  to: string;
  serial: number;
  sdp: string;
  publications: {
    [k: string]: string;
  };
}
/**
 * To a person; the server never offers in this protocol.
 */
export interface Answer {
  type: "answer";
  id: number;
  to: string;
  serial: number;
  sdp: string;
  publications: {
    [k: string]: string;
  };
}
/**
 * A trickled ICE candidate; an empty `candidate` ends them. To `server` accepted and ignored (ICE-lite learns addresses itself).
 */
export interface Candidate {
  type: "candidate";
  id: number;
  to: string;
  candidate: string;
  sdpMid?: string | null;
  sdpMLineIndex?: number | null;
  usernameFragment?: string | null;
}
/**
 * Everything this client receives comes by the new road of this epoch.
 */
export interface TopologyReady {
  type: "topology_ready";
  id: number;
  epoch: number;
}
/**
 * The direct connection of this epoch does not come about or broke: the server moves the room to the SFU.
 */
export interface RoadFailed {
  type: "road_failed";
  id: number;
  epoch: number;
}
export interface Chat {
  type: "chat";
  id: number;
  text: string;
  to?: string | null;
}
/**
 * The app's own message to the others, or `to` one of them; not back to the sender. Takes the right `data`.
 */
export interface Data {
  type: "data";
  id: number;
  topic: string;
  data: unknown;
  encoding?: "base64" | "json";
  to?: string | null;
  latest?: boolean;
}
/**
 * Raise or lower one's hand; a moderator may lower that of `participant`.
 */
export interface Hand {
  type: "hand";
  id: number;
  raised: boolean;
  participant?: string | null;
}
/**
 * A sign to everybody that passes, such as an emoji. Takes the right `chat`.
 */
export interface React {
  type: "react";
  id: number;
  reaction: string;
}
/**
 * For moderators: asks somebody to turn on `microphone` or `camera`; nobody can do that for another.
 */
export interface AskUnmute {
  type: "ask_unmute";
  id: number;
  participant: string;
  source: "camera" | "microphone" | "screen" | "screen_audio";
}
/**
 * For moderators: shows one person large to everybody; None ends it.
 */
export interface Spotlight {
  type: "spotlight";
  id: number;
  participant: string | null;
}
export interface Admit {
  type: "admit";
  id: number;
  participant: string;
}
export interface Deny {
  type: "deny";
  id: number;
  participant: string;
}
export interface Remove {
  type: "remove";
  id: number;
  participant: string;
  reason?: string;
}
export interface SetRole {
  type: "set_role";
  id: number;
  participant: string;
  role: "moderator" | "speaker" | "viewer";
}
export interface Lock {
  type: "lock";
  id: number;
  locked: boolean;
}
export interface WaitingRoom {
  type: "waiting_room";
  id: number;
  enabled: boolean;
}
/**
 * Asks for a token that lets others in, for those who may admit. Reply: `invited`.
 */
export interface Invite {
  type: "invite";
  id: number;
  role?: "speaker" | "viewer";
}
/**
 * Ends the room for everybody.
 */
export interface End {
  type: "end";
  id: number;
}
export interface Ok {
  type: "ok";
  id: number;
  seq?: number;
}
/**
 * `id` is None where no request could be read. After a fatal one comes `bye`.
 */
export interface Error {
  type: "error";
  id: number | null;
  code: string;
  message: string;
  retryable: boolean;
  seq?: number;
}
/**
 * The room as it is now; everything later comes as events.
 */
export interface Joined {
  type: "joined";
  id: number;
  session: Session;
  room: RoomState;
  you: Participant;
  rights: string[];
  participants: Participant[];
  knocking: Participant[];
  messages: ChatMessage[];
  topology: Topology;
  iceServers: IceServerLists;
  limits: Limits;
  seq?: number;
}
/**
 * What a client needs to come back. `token` is for the next resume; each `resumed` brings another.
 */
export interface Session {
  id: string;
  token: string;
  grace: number;
  heartbeat: number;
}
export interface RoomState {
  name: string;
  locked: boolean;
  waitingRoom: boolean;
  maxParticipants: number;
  spotlight: string | null;
}
/**
 * A person in the room as others see them.
 */
export interface Participant {
  id: string;
  name: string;
  role: "moderator" | "speaker" | "viewer";
  connected: boolean;
  metadata: string;
  hand: number;
  publications: Publication[];
}
/**
 * A track that somebody sends.
 */
export interface Publication {
  id: string;
  source: "camera" | "microphone" | "screen" | "screen_audio";
  kind: "audio" | "video";
  muted: boolean;
  width: number;
  height: number;
}
export interface ChatMessage {
  id: string;
  sender: string;
  name: string;
  text: string;
  to: string | null;
  time: number;
}
/**
 * Which road media takes. See "Two people, three people" in the reference.
 */
export interface Topology {
  mode: "direct" | "sfu";
  phase: "commit" | "prepare";
  epoch: number;
  peers: Peer[];
}
/**
 * Somebody to connect with directly.
 */
export interface Peer {
  participant: string;
  polite: boolean;
}
/**
 * Which servers to use for which connection. Credentials end, and are replaced by `ice_servers` before that.
 */
export interface IceServerLists {
  sfu: IceServer[];
  direct: IceServer[];
}
/**
 * As in RTCIceServer.
 */
export interface IceServer {
  urls: string[];
  username: string | null;
  credential: string | null;
}
/**
 * Budgets of this connection.
 */
export interface Limits {
  messageBytes: number;
  messagesPerSecond: number;
  chatBytes: number;
  publications: number;
}
export interface Published {
  type: "published";
  id: number;
  publication: Publication;
  seq?: number;
}
/**
 * A token for this room and the asked role; it goes into a link's fragment, `/r/{room}#t={token}`.
 */
export interface Invited {
  type: "invited";
  id: number;
  token: string | null;
  expires: number | null;
  seq?: number;
}
/**
 * The server's answer to an offer.
 */
export interface Answered {
  type: "answered";
  id: number;
  serial: number;
  sdp: string;
  seq?: number;
}
/**
 * A moderator has to let you in; `joined` follows, or `bye` with code `denied`.
 */
export interface Waiting {
  type: "waiting";
  seq?: number;
}
export interface ParticipantJoined {
  type: "participant_joined";
  participant: Participant;
  seq?: number;
}
export interface ParticipantLeft {
  type: "participant_left";
  participant: string;
  reason: string;
  seq?: number;
}
/**
 * Role, name, metadata, hand or `connected` changed; publications have events of their own and are left out. Of oneself only where it
 *     is the hand.
 */
export interface ParticipantUpdated {
  type: "participant_updated";
  participant: string;
  name: string;
  role: "moderator" | "speaker" | "viewer";
  connected: boolean;
  metadata: string;
  hand: number;
  seq?: number;
}
/**
 * Your own.
 */
export interface RightsChanged {
  type: "rights_changed";
  role: "moderator" | "speaker" | "viewer";
  rights: string[];
  seq?: number;
}
export interface Knock {
  type: "knock";
  participant: Participant;
  seq?: number;
}
export interface KnockEnded {
  type: "knock_ended";
  participant: string;
  seq?: number;
}
export interface PublicationAdded {
  type: "publication_added";
  participant: string;
  publication: Publication;
  seq?: number;
}
export interface PublicationRemoved {
  type: "publication_removed";
  participant: string;
  publication: string;
  seq?: number;
}
export interface PublicationUpdated {
  type: "publication_updated";
  participant: string;
  publication: Publication;
  by: string | null;
  seq?: number;
}
export interface RoomUpdated {
  type: "room_updated";
  room: RoomState;
  seq?: number;
}
export interface TopologyChanged {
  type: "topology";
  topology: Topology;
  seq?: number;
}
/**
 * What comes in a receiving section of the SFU connection from now on.
 */
export interface Bind {
  type: "bind";
  mid: string;
  publication: string | null;
  seq?: number;
}
/**
 * More receiving sections are wanted than the last offer had: offer again with at least these totals.
 */
export interface NeedSections {
  type: "need_sections";
  audio: number;
  video: number;
  seq?: number;
}
/**
 * Which encodings of your own publication anybody watches now: the others need not be sent to the server. Before the first of these
 *     all are wanted.
 */
export interface Encodings {
  type: "encodings";
  publication: string;
  active: string[];
  seq?: number;
}
/**
 * The SFU connection is gone on the server's side: open a new one.
 */
export interface MediaLost {
  type: "media_lost";
  reason: string;
  seq?: number;
}
export interface PeerOffer {
  type: "offer";
  from: string;
  serial: number;
  sdp: string;
  publications: {
    [k: string]: string;
  };
  seq?: number;
}
export interface PeerAnswer {
  type: "answer";
  from: string;
  serial: number;
  sdp: string;
  publications: {
    [k: string]: string;
  };
  seq?: number;
}
export interface PeerCandidate {
  type: "candidate";
  from: string;
  candidate: string;
  sdpMid: string | null;
  sdpMLineIndex: number | null;
  usernameFragment: string | null;
  seq?: number;
}
/**
 * Also to the sender, so that everyone has the same order.
 */
export interface ChatReceived {
  type: "chat";
  message: ChatMessage;
  seq?: number;
}
export interface DataReceived {
  type: "data";
  from: string;
  topic: string;
  data: unknown;
  encoding: "base64" | "json";
  seq?: number;
}
/**
 * Also to the sender.
 */
export interface Reaction {
  type: "reaction";
  participant: string;
  reaction: string;
  seq?: number;
}
/**
 * A moderator asks you to turn on your microphone or camera; doing so is up to you.
 */
export interface UnmuteAsked {
  type: "unmute_asked";
  by: string;
  source: "camera" | "microphone" | "screen" | "screen_audio";
  seq?: number;
}
/**
 * Who speaks now, loudest first; an empty list is silence.
 */
export interface Speakers {
  type: "speakers";
  speakers: Speaker[];
  seq?: number;
}
export interface Speaker {
  participant: string;
  publication: string;
  level: number;
}
/**
 * Fresh credentials in place of the old ones.
 */
export interface IceServers {
  type: "ice_servers";
  iceServers: IceServerLists;
  seq?: number;
}
/**
 * The last message of a session; it cannot be resumed. `code` is one of the error codes.
 */
export interface Bye {
  type: "bye";
  code: string;
  message: string;
  retryable: boolean;
  seq?: number;
}
/**
 * `ack` is the id of the last request that was carried out.
 */
export interface Pong {
  type: "pong";
  ack: number;
  time: number | null;
  seq?: number;
}
/**
 * Replay follows. Requests with an id above `ack` never arrived: send them again.
 */
export interface Resumed {
  type: "resumed";
  session: Session;
  ack: number;
  iceServers: IceServerLists;
  seq?: number;
}
