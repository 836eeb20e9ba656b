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
  | 'no_such_message'
  | 'too_many_publications'
  | 'already_published'
  | 'invalid'
  | 'store_failed'
  | 'conflict'
  | 'too_many_subscriptions'
  | 'too_many_documents'
  | 'no_such_file'
  | 'type_refused'
  | 'storage_full'
  | 'too_many_uploads'
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
  'chat_delete',
  'chat_edit',
  'chat_history',
  'chat_react',
  'chat_read',
  'chat_typing',
  'data',
  'deny',
  'document_awareness',
  'document_close',
  'document_open',
  'document_sync',
  'end',
  'file_delete',
  'file_grant',
  'file_links',
  'file_list',
  'hand',
  'invite',
  'join',
  'leave',
  'lock',
  'media_chunk',
  'media_open',
  'media_read',
  'media_refresh',
  'mute',
  'offer',
  'ping',
  'prefer',
  'presence_set',
  'publish',
  'react',
  'remove',
  'report',
  'resume',
  'road_failed',
  'set_role',
  'spotlight',
  'state_delete',
  'state_set',
  'subscribe',
  'topic_subscribe',
  'topic_unsubscribe',
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
  'chat_changed',
  'chat_cleared',
  'chat_page',
  'chat_read',
  'chat_typing',
  'data',
  'document_awareness',
  'document_closed',
  'document_sync',
  'encodings',
  'error',
  'file_added',
  'file_granted',
  'file_linked',
  'file_page',
  'file_removed',
  'ice_servers',
  'invited',
  'joined',
  'key_frame_wanted',
  'knock',
  'knock_ended',
  'media_chunk',
  'media_lost',
  'need_sections',
  'offer',
  'ok',
  'participant_joined',
  'participant_left',
  'participant_updated',
  'pong',
  'presence',
  'publication_added',
  'publication_removed',
  'publication_updated',
  'published',
  'quality',
  'reaction',
  'reception',
  'resumed',
  'rights_changed',
  'room_updated',
  'speakers',
  'state',
  'state_deleted',
  'state_stored',
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
  | End
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
  | Report
  | Chat
  | ChatHistory
  | ChatEdit
  | ChatDelete
  | ChatReact
  | ChatTyping
  | ChatRead
  | Data
  | TopicSubscribe
  | TopicUnsubscribe
  | PresenceSet
  | StateSet
  | StateDelete
  | DocumentOpen
  | DocumentSync
  | DocumentAwareness
  | DocumentClose
  | FileGrant
  | FileList
  | FileLinks
  | FileDelete
  | MediaOpen
  | MediaChunk
  | MediaRead
  | MediaRefresh;
export type ServerMessage =
  | Ok
  | Error
  | Joined
  | Bye
  | Pong
  | Resumed
  | Invited
  | Waiting
  | ParticipantJoined
  | ParticipantLeft
  | ParticipantUpdated
  | RightsChanged
  | Knock
  | KnockEnded
  | RoomUpdated
  | Reaction
  | UnmuteAsked
  | Published
  | PublicationAdded
  | PublicationRemoved
  | PublicationUpdated
  | Encodings
  | Speakers
  | Answered
  | TopologyChanged
  | Bind
  | NeedSections
  | MediaLost
  | PeerOffer
  | PeerAnswer
  | PeerCandidate
  | IceServers
  | QualityChanged
  | ReceptionChanged
  | ChatReceived
  | ChatPage
  | ChatChanged
  | ChatCleared
  | TypingShown
  | ReadMarksShown
  | DataReceived
  | PresenceChanged
  | StateStored
  | StateChanged
  | StateDeleted
  | DocumentSynced
  | DocumentAwarenessChanged
  | DocumentClosed
  | FileGranted
  | FilePage
  | FileLinked
  | FileAdded
  | FileRemoved
  | MediaChunkCame
  | KeyFrameWanted;

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
/**
 * How you receive, so that the server knows more than what it sent. Every five seconds at most; never needed.
 */
export interface Report {
  type: "report";
  id: number;
  received: TrackReport[];
}
/**
 * How a client receives one publication, since its last report.
 */
export interface TrackReport {
  publication: string;
  freezes: number;
  frozen: number;
  concealed: number;
  frameRate: number;
  width: number;
  height: number;
}
/**
 * It is kept before anybody is shown it. Errors: store_failed.
 */
export interface Chat {
  type: "chat";
  id: number;
  text: string;
  to?: string | null;
  key?: string | null;
}
/**
 * Asks for what was said. Reply: `chat_page`. Errors: store_failed.
 */
export interface ChatHistory {
  type: "chat_history";
  id: number;
  before?: number | null;
  after?: number | null;
  changed?: number | null;
  limit?: number;
  words?: string;
}
/**
 * Gives a message of one's own another text. Errors: no_such_message, not_allowed, store_failed.
 */
export interface ChatEdit {
  type: "chat_edit";
  id: number;
  message: string;
  text: string;
}
/**
 * Deletes a message of one's own; a moderator's request anybody's. Errors: no_such_message, not_allowed, store_failed.
 */
export interface ChatDelete {
  type: "chat_delete";
  id: number;
  message: string;
}
/**
 * Puts a sign under a message, or takes one's own away. Errors: no_such_message, invalid (too many), store_failed.
 */
export interface ChatReact {
  type: "chat_react";
  id: number;
  message: string;
  reaction: string;
  on?: boolean;
}
/**
 * One writes something, to everybody or `to` one, or has stopped to. Ends by itself after six seconds: say it again every three.
 */
export interface ChatTyping {
  type: "chat_typing";
  id: number;
  active?: boolean;
  to?: string | null;
}
/**
 * One has read up to this number.
 */
export interface ChatRead {
  type: "chat_read";
  id: number;
  number: number;
}
/**
 * The app's own message to the others, or `to` one of them; not back to the sender. Takes the right `data`.
 *
 *     With a slash in front of the topic it is the server's, and goes to all who subscribe, or `to` all sessions of one identity, in all
 *     rooms; who may is declared there. Errors: not_allowed, too_many_messages.
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
 * Asks for the values of a topic, or of all beneath a branch (`/quotes/*`); again: in place of what was asked before.
 *     Errors: not_allowed, too_many_subscriptions.
 */
export interface TopicSubscribe {
  type: "topic_subscribe";
  id: number;
  topic: string;
  every?: number;
  last?: boolean;
}
/**
 * There was no such subscription: nothing happens.
 */
export interface TopicUnsubscribe {
  type: "topic_unsubscribe";
  id: number;
  topic: string;
}
/**
 * One's own state, such as a cursor, in place of the one before. Takes the right `data`. Errors: not_allowed, too_large, invalid.
 */
export interface PresenceSet {
  type: "presence_set";
  id: number;
  state: unknown;
}
/**
 * Sets a key for everybody. Takes the right `data`. Reply: `state_stored`. Errors: not_allowed, conflict, too_large, invalid.
 */
export interface StateSet {
  type: "state_set";
  id: number;
  key: string;
  value: unknown;
  version?: number | null;
}
/**
 * There was no such key: nothing happens. Errors: not_allowed, conflict.
 */
export interface StateDelete {
  type: "state_delete";
  id: number;
  key: string;
  version?: number | null;
}
/**
 * Opens a document, or brings it up to date again. `bytes`: a sync message of step 1, with what one has of it.
 *
 *     Before the reply `ok` come, as `document_sync`, what one does not have (step 2) and what the server has (step 1), and who else is
 *     there as `document_awareness`. Errors: invalid, too_many_documents, store_failed.
 */
export interface DocumentOpen {
  type: "document_open";
  id: number;
  /**
   * Of a document in its room, such as `notes` or `board/1`.
   */
  document: string;
  bytes: Uint8Array;
}
/**
 * What one has written: a sync message of step 2, or an update. Takes the right `data`.
 *
 *     Errors: invalid (it is no such message, and the document is closed for you; or it is not open), not_allowed, too_large.
 */
export interface DocumentSync {
  type: "document_sync";
  id: number;
  /**
   * Of a document in its room, such as `notes` or `board/1`.
   */
  document: string;
  bytes: Uint8Array;
}
/**
 * What one shows to the others meanwhile, such as a cursor: an awareness update. Whose client ids it names are one's own from now on.
 *
 *     Errors: invalid (as above), too_large.
 */
export interface DocumentAwareness {
  type: "document_awareness";
  id: number;
  /**
   * Of a document in its room, such as `notes` or `board/1`.
   */
  document: string;
  bytes: Uint8Array;
}
/**
 * One has it open no more.
 */
export interface DocumentClose {
  type: "document_close";
  id: number;
  /**
   * Of a document in its room, such as `notes` or `board/1`.
   */
  document: string;
}
/**
 * Asks for leave to upload files over HTTP. Takes the right `data`. Reply: `file_granted`.
 */
export interface FileGrant {
  type: "file_grant";
  id: number;
}
/**
 * Asks for files of the room that one may see, the newest first. Reply: `file_page`. Errors: store_failed.
 */
export interface FileList {
  type: "file_list";
  id: number;
  before?: number | null;
  limit?: number;
}
/**
 * Asks where these files are to be had. Reply: `file_linked`. Errors: store_failed.
 */
export interface FileLinks {
  type: "file_links";
  id: number;
  files: string[];
}
/**
 * One's own, or for moderators anybody's. Everybody who saw it gets `file_removed`. Errors: no_such_file, store_failed.
 */
export interface FileDelete {
  type: "file_delete";
  id: number;
  file: string;
}
/**
 * From now on what one publishes comes by this socket as `media_chunk`, and so goes what one is subscribed to, in place of the
 *     connection that offers to `server` make; an offer with serial 1 takes its place again. Said anew after `media_lost`. Reply `ok`.
 */
export interface MediaOpen {
  type: "media_open";
  id: number;
  codecs: ("opus" | "vp8")[];
}
/**
 * One encoded frame of a publication of one's own. No reply; an error has no `id`, and each code comes once a second at most:
 *     wrong_order (no `media_open`; pictures that do not begin with a key frame; a time that does not rise), no_such_publication, invalid,
 *     too_large, too_many_messages.
 *
 *     Pictures are VP8, in one layer; sound is Opus.
 */
export interface MediaChunk {
  type: "media_chunk";
  publication: string;
  codec: "opus" | "vp8";
  key: boolean;
  time: number;
  level?: number | null;
  bytes: Uint8Array;
}
/**
 * So many chunks have come by this socket since it was opened. Whoever says so now and then is not sent more than he reads in a second.
 *     No reply.
 */
export interface MediaRead {
  type: "media_read";
  count: number;
}
/**
 * One cannot decode a publication's pictures any more: its publisher is asked for a key frame.
 */
export interface MediaRefresh {
  type: "media_refresh";
  id: number;
  publication: string;
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
  state?: StateEntry | null;
  seq?: number;
}
export interface StateEntry {
  key: string;
  value: unknown;
  version: number;
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
  chat: ChatState;
  presence: Presence[];
  state: StateEntry[];
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
  audience?: number;
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
  number: number;
  change?: number;
  edited?: number | null;
  deleted?: boolean;
  reactions?: MessageReaction[];
}
/**
 * Who has put this sign under a message, in the order of their doing so.
 */
export interface MessageReaction {
  reaction: string;
  by: string[];
}
/**
 * What there is to know of the chat besides the messages.
 */
export interface ChatState {
  cleared: number;
  read: ReadMark[];
}
/**
 * How far somebody has read.
 */
export interface ReadMark {
  participant: string;
  number: number;
}
export interface Presence {
  participant: string;
  state: unknown;
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
export interface RoomUpdated {
  type: "room_updated";
  room: RoomState;
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
export interface Published {
  type: "published";
  id: number;
  publication: Publication;
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
 * The server's answer to an offer.
 */
export interface Answered {
  type: "answered";
  id: number;
  serial: number;
  sdp: string;
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
 * Fresh credentials in place of the old ones.
 */
export interface IceServers {
  type: "ice_servers";
  iceServers: IceServerLists;
  seq?: number;
}
/**
 * Whose way to the server has become better or worse by a word, your own too; every four seconds at most, and after `joined` of all of
 *     whom it is known. Nothing comes of those who talk directly, nor of the audience.
 */
export interface QualityChanged {
  type: "quality";
  participants: PersonalQuality[];
  seq?: number;
}
/**
 * How good somebody's way to the server and back is. Null: it is not known.
 */
export interface PersonalQuality {
  participant: string;
  quality: ("excellent" | "good" | "lost" | "poor") | null;
  score: number | null;
}
/**
 * What is different of what you receive, every four seconds at most. Nothing comes of what comes directly.
 */
export interface ReceptionChanged {
  type: "reception";
  tracks: TrackReception[];
  seq?: number;
}
/**
 * What you get of a publication.
 */
export interface TrackReception {
  publication: string;
  reason: ("bandwidth" | "best" | "hidden" | "publisher" | "size" | "starved") | null;
  width: number;
  height: number;
  score: number | null;
}
/**
 * Also to the sender, so that everyone has the same order.
 */
export interface ChatReceived {
  type: "chat";
  message: ChatMessage;
  seq?: number;
}
/**
 * A part of what was said, with your private messages.
 */
export interface ChatPage {
  type: "chat_page";
  id: number;
  messages: ChatMessage[];
  more: boolean;
  seq?: number;
}
/**
 * A message was edited or deleted, or has other reactions: as it is now.
 */
export interface ChatChanged {
  type: "chat_changed";
  message: ChatMessage;
  seq?: number;
}
/**
 * All that was said up to this number is deleted, private messages too.
 */
export interface ChatCleared {
  type: "chat_cleared";
  number: number;
  seq?: number;
}
/**
 * Who writes now, ten people at most, in place of all who were named before; you may be among them.
 */
export interface TypingShown {
  type: "chat_typing";
  participants: string[];
  private: boolean;
  seq?: number;
}
/**
 * How far some people have read who have read more.
 */
export interface ReadMarksShown {
  type: "chat_read";
  marks: ReadMark[];
  seq?: number;
}
/**
 * The values of a topic of the server come without a number (`seq`), but for those that are for one person alone: what a reader does
 *     not take gives way to what is newer, and nothing comes again after a loss.
 */
export interface DataReceived {
  type: "data";
  from: string;
  topic: string;
  data: unknown;
  encoding: "base64" | "json";
  seq?: number;
}
/**
 * Not to the one concerned. 20 times a second at most for each person: what is older gives way.
 */
export interface PresenceChanged {
  type: "presence";
  participant: string;
  state: unknown;
  seq?: number;
}
/**
 * The reply to `state_set`.
 */
export interface StateStored {
  type: "state_stored";
  id: number;
  version: number;
  seq?: number;
}
/**
 * Also to whoever did it. While it waits, a newer one of the same key takes its place.
 */
export interface StateChanged {
  type: "state";
  entry: StateEntry;
  from: string;
  seq?: number;
}
/**
 * Also to whoever did it.
 */
export interface StateDeleted {
  type: "state_deleted";
  key: string;
  version: number;
  from: string;
  seq?: number;
}
/**
 * A sync message about a document that one has open: step 1, step 2, or an update of somebody else's.
 */
export interface DocumentSynced {
  type: "document_sync";
  document: string;
  seq?: number;
  bytes: Uint8Array;
}
/**
 * What others show in a document that one has open: an awareness update.
 */
export interface DocumentAwarenessChanged {
  type: "document_awareness";
  document: string;
  seq?: number;
  bytes: Uint8Array;
}
/**
 * The server has closed it for you. `code` is one of the error codes.
 */
export interface DocumentClosed {
  type: "document_closed";
  document: string;
  code: string;
  message: string;
  retryable: boolean;
  seq?: number;
}
/**
 * Leave to upload: the token goes as `Authorization: Bearer` with each request to `url`.
 */
export interface FileGranted {
  type: "file_granted";
  id: number;
  url: string;
  token: string;
  expires: number;
  maxBytes: number;
  types: string[];
  refused: string[];
  seq?: number;
}
export interface FilePage {
  type: "file_page";
  id: number;
  files: SharedFile[];
  more: boolean;
  seq?: number;
}
/**
 * A file that is kept.
 */
export interface SharedFile {
  id: string;
  sender: string;
  senderName: string;
  name: string;
  size: number;
  mediaType: string;
  sha256: string;
  preview: FilePreview | null;
  to: string | null;
  time: number;
  number: number;
}
/**
 * The size of a file's preview, in pixels.
 */
export interface FilePreview {
  width: number;
  height: number;
}
/**
 * Files that are not there any more, or not for you, are left out.
 */
export interface FileLinked {
  type: "file_linked";
  id: number;
  links: FileLink[];
  expires: number;
  seq?: number;
}
/**
 * Where a file is to be had, relative to where the server is mounted.
 */
export interface FileLink {
  file: string;
  url: string;
  preview: string | null;
}
/**
 * Also to the sender.
 */
export interface FileAdded {
  type: "file_added";
  file: SharedFile;
  seq?: number;
}
export interface FileRemoved {
  type: "file_removed";
  file: string;
  seq?: number;
}
/**
 * One encoded frame of a publication that one is subscribed to, in its order. It stands outside the numbering, and is not sent again.
 *     Where pictures were left out, because too many waited, the next one is a key frame.
 */
export interface MediaChunkCame {
  type: "media_chunk";
  publication: string;
  codec: "opus" | "vp8";
  key: boolean;
  time: number;
  seq?: number;
  bytes: Uint8Array;
}
/**
 * The next `media_chunk` of this publication of one's own shall be a key frame.
 */
export interface KeyFrameWanted {
  type: "key_frame_wanted";
  publication: string;
  seq?: number;
}
