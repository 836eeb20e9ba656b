import { systemClock } from '../common/clock.js';
import { Emitter } from '../common/emitter.js';
import { abortable, RoomError } from '../common/room-error.js';
import type { SharedDocument } from '../documents/index.js';
import { Roads } from '../media/roads.js';
import type { ServerEvent } from '../signal/signal-events.js';
import { SignalManager } from '../signal/signal-manager.js';
import type { Answered, Joined, PersonalQuality } from '../wire/generated.js';
import { resolveAddress } from './address.js';
import type { ChannelOptions, ChannelTopic } from './channels.js';
import { Channels } from './channels.js';
import type { Chat, ChatInput } from './chat.js';
import { createChat } from './chat.js';
import type { CallOptions, RoomContext } from './context.js';
import type { DataTopic, TopicOptions } from './data.js';
import { Topics } from './data.js';
import { Documents } from './documents.js';
import type { Files, FilesInput } from './files.js';
import { createFiles } from './files.js';
import type { LiveInput } from './live.js';
import { createLive } from './live.js';
import { LocalParticipant } from './local-participant.js';
import type { LocalPublication } from './local-publication.js';
import type { Environment, JoinOptions, RoomDebug, RoomOptions, RoomRoads } from './options.js';
import type { Participant } from './participant.js';
import { People } from './people.js';
import type { Presence } from './presence.js';
import type { Publication } from './publication.js';
import type { Right, Road, RoomEvents, RoomInfo, RoomSnapshot, RoomState, Speaker, Visitor } from './room-events.js';
import type { Shared } from './shared.js';
import { Speakers } from './speakers.js';
import type { RoomStatistics, StatisticsOptions } from './statistics.js';
import { Statistics } from './statistics.js';
import { Store, stableList } from './store.js';
import type { SubscribeOptions, Topic } from './topic.js';

/**
 * A room: who is in it, what they send, and oneself. Join with `join()`, leave with `leave()` or by `await using`.
 * State can be read at any time; an event only says that something changed (see `RoomEvents`).
 */
export class Room extends Emitter<RoomEvents> implements AsyncDisposable {
  /** Oneself. */
  readonly local: LocalParticipant;
  readonly chat: Chat;
  readonly shared: Shared;
  readonly presence: Presence;
  readonly files: Files;
  /**
   * A topic of the server (`/quotes/AAPL`), a branch of them (`/quotes/*`), or a topic of this room. Throws TypeError for what is none. `T` is
   * the app's own promise about what is published; nobody checks it.
   */
  readonly topic: <T = unknown>(name: string, options?: SubscribeOptions) => Topic<T>;
  readonly #options: RoomOptions;
  readonly #environment: Environment;
  readonly #address: { url: string; room: string };
  readonly #context: RoomContext;
  readonly #roads: Roads;
  readonly #people: People;
  readonly #statistics: Statistics;
  readonly #speakers: Speakers;
  readonly #chatInput: ChatInput;
  readonly #liveInput: LiveInput;
  readonly #filesInput: FilesInput;
  readonly #topics = new Topics((body, callOptions) => this.#request(body, callOptions));
  readonly #documents: Documents;
  readonly #channels: Channels;
  readonly #knocking = new Map<string, Visitor>();
  readonly #participantSnapshots = stableList(() => [...this.#people.all.values()].map(({ snapshot }) => snapshot));
  readonly #visitors = stableList(() => this.#knocking.values());
  readonly #store = new Store<RoomSnapshot>((version) => ({
    version,
    state: this.#state,
    reason: this.#reason,
    info: this.#info,
    rights: this.#rights,
    local: this.local.snapshot,
    participants: this.#participantSnapshots(),
    speakers: this.#speakers.now,
    knocking: this.#visitors(),
    topology: this.#road,
    bySocket: this.bySocket,
    messages: this.chat.messages,
    typists: this.chat.typists,
    privateTypists: this.chat.privateTypists,
    readMarks: this.chat.readMarks,
    files: this.files.known,
  }));
  #signal: SignalManager | null = null;
  #state: RoomState = 'new';
  #reason: RoomError | null = null;
  #signalUp = false;
  #mediaUp = true;
  #info: RoomInfo | null = null;
  #rights: readonly Right[] = [];
  #road: Road | null = null;
  #joinOptions: JoinOptions | null = null;
  #stopPage: AbortController | null = null;

  /**
   * `address`: `/r/{room}` of this server, a whole URL of that form, or the bare name of the room. Nothing is opened before `join`.
   * `environment` replaces parts of the browser, for tests.
   */
  constructor(address: string, options: RoomOptions = {}, environment: Environment = {}) {
    super();
    this.#options = options;
    this.#environment = environment;
    this.#address = resolveAddress(address, options.server);
    const clock = environment.clock ?? systemClock;
    this.#roads = new Roads({
      clock,
      createPeerConnection: environment.createPeerConnection ?? ((config) => new RTCPeerConnection(config)),
      offerServer: async (offer) => (await this.#request({ type: 'offer', to: 'server', ...offer })) as Answered,
      offer: (to, description) => this.#request({ type: 'offer', to, ...description }),
      answer: (to, description) => this.#request({ type: 'answer', to, ...description }),
      socket: {
        request: (body) => this.#request(body),
        send: (chunk) => this.#signal?.send(chunk),
        buffered: () => this.#signal?.buffered ?? 0,
      },
      bySocket: options.media === 'socket' || !(environment.createPeerConnection ?? globalThis.RTCPeerConnection),
      candidate: (to, candidate) => this.#tell({ type: 'candidate', to, ...candidate }),
    });
    this.#channels = new Channels({
      clock,
      roads: this.#roads,
      topics: this.#topics,
      allowed: () => this.can('data'),
      fault: (error) => this.emit('fault', { error }),
    });
    this.#statistics = new Statistics({
      clock,
      sample: () => this.#roads.sample(),
      road: () => this.#road?.mode ?? null,
      interrupted: () => this.#state !== 'connected',
      find: (id) => this.#findPublication(id),
      report: (received) => this.#tell({ type: 'report', received }),
    });
    this.#speakers = new Speakers({
      clock,
      carriedDirectly: () => this.#roads.carriedDirectly(),
      find: (id) => this.#findPublication(id),
      changed: (speakers) => {
        this.#store.handleChanged();
        this.emit('speakerschange', { speakers });
      },
    });
    this.#context = {
      clock,
      roads: this.#roads,
      statistics: this.#statistics,
      autoSubscribe: options.autoSubscribe ?? true,
      request: (body, callOptions) => this.#request(body, callOptions),
      can: (right) => this.can(right),
      untilConnected: (signal) => this.#untilConnected(signal),
      changed: () => this.#store.handleChanged(),
      handlePublicationChanged: (publication) =>
        this.emit('publicationchanged', { publication, participant: publication.participant }),
      handleLocalEnded: (publication) => this.emit('publicationended', { publication }),
      handleLocalRemoved: (publication) =>
        this.emit('publicationremoved', { publication, participant: publication.participant }),
      handleTrack: (publication, participant) => {
        const { track, source } = publication;
        if (track) this.emit('track', { track, stream: participant.streamOf(source), participant, publication });
      },
    };
    this.#documents = new Documents({
      clock,
      request: (body, callOptions) => this.#request(body, callOptions),
      can: (right) => this.can(right),
      user: () => ({ id: this.local.id, name: this.local.name }),
    });
    this.local = new LocalParticipant(this.#context);
    this.#people = new People(this.#context, {
      changed: () => {
        this.#store.handleChanged();
        this.emit('participantschange', {});
      },
      added: (publication, participant) => this.emit('publicationadded', { publication, participant }),
      removed: (publication, participant) => this.emit('publicationremoved', { publication, participant }),
    });
    const { chat, input } = createChat({
      ...this.#context,
      emit: (type, fields) => this.emit(type, fields),
      self: () => this.local.id,
    });
    this.chat = chat;
    this.#chatInput = input;
    const live = createLive({
      ...this.#context,
      self: () => this.local.id,
      tell: (type, fields) => this.emit(type, fields),
    });
    this.shared = live.shared;
    this.presence = live.presence;
    this.topic = live.topic;
    this.#liveInput = live.input;
    const files = createFiles({
      ...this.#context,
      server: this.#address.url.replace(/^ws(.*\/)ws$/, 'http$1'),
      added: (file) => this.emit('fileadded', { file }),
      removed: (file) => this.emit('fileremoved', { file }),
    });
    this.files = files.files;
    this.#filesInput = files.input;
    this.#followRoads();
  }

  get name(): string {
    return this.#address.room;
  }

  get state(): RoomState {
    return this.#state;
  }

  /** Why the room is closed; null while it is not, and after `leave()`. */
  get reason(): RoomError | null {
    return this.#reason;
  }

  /** The others, by id. */
  get participants(): ReadonlyMap<string, Participant> {
    return this.#people.all;
  }

  /** Null before the room is joined. */
  get info(): RoomInfo | null {
    return this.#info;
  }

  get rights(): readonly Right[] {
    return this.#rights;
  }

  /** Who speaks, loudest first. */
  get speakers(): readonly Speaker[] {
    return this.#speakers.now;
  }

  /** Who waits to be admitted; only for those who may admit. */
  get knocking(): ReadonlyMap<string, Visitor> {
    return this.#knocking;
  }

  /** Media goes to the server and comes from it by the WebSocket, for there is no WebRTC: half a second late or more. */
  get bySocket(): boolean {
    return this.#roads.bySocket;
  }

  get topology(): Road | null {
    return this.#road;
  }

  /**
   * How long a message to the server and its answer took last, in milliseconds: of the heartbeats, so not of media (`statistics()` has that).
   * Null as long as it is not known, as after a loss.
   */
  get roundTripTime(): number | null {
    return this.#signal?.roundTripTime ?? null;
  }

  can(right: Right): boolean {
    return this.#rights.includes(right);
  }

  /**
   * Enters the room; resolves when inside, which may be after a moderator has admitted one (`onWaiting`).
   * Rejects with RoomError (`unreachable`, `denied`, `token_required`, `room_full` …), or with the reason of `signal`.
   */
  async join(options: JoinOptions): Promise<void> {
    if (this.#state !== 'new') throw new RoomError('wrong_order', 'A room is joined once: make a new one.');
    options.signal?.throwIfAborted();
    this.#joinOptions = options;
    const { clock, createSocket, wakeUps } = this.#environment;
    const signal = new SignalManager({
      url: this.#address.url,
      ...(clock && { clock }),
      ...(createSocket && { createSocket }),
      ...(wakeUps && { wakeUps }),
    });
    this.#signal = signal;
    signal.addEventListener('message', ({ message }) => this.#handle(message));
    signal.addEventListener('joined', ({ joined, again }) => this.#handleJoined(joined, again));
    signal.addEventListener('resumed', ({ iceServers }) => {
      this.#roads.setIceServers(iceServers);
      this.#roads.handleNetworkBack(true);
      this.#setSignalUp(true);
      this.#liveInput.handleResumed();
      this.#documents.handleBack();
    });
    signal.addEventListener('heard', ({ changed }) => this.#roads.handleNetworkBack(changed));
    signal.addEventListener('reconnecting', ({ attempt, delay, phase }) => {
      this.#setSignalUp(false);
      this.#documents.handleLost();
      this.emit('reconnecting', { attempt, delay, phase });
    });
    signal.addEventListener('closed', ({ error }) => this.#close(error.code === 'closed' ? null : error));
    signal.addEventListener('fault', ({ error }) => this.emit('fault', { error }));
    this.#setState('connecting');
    this.#followPage();
    try {
      await signal.join(() => this.#joinBody(), options.signal);
    } catch (error) {
      this.#close(error instanceof RoomError ? error : null);
      throw error;
    }
  }

  /** Leaves; all connections are closed when it resolves. Never rejects. Published tracks are not stopped: they belong to the app. */
  async leave(): Promise<void> {
    const signal = this.#signal;
    if (!signal || this.#state === 'closed') return this.#close(null);
    const left = signal.leave();
    this.#close(null);
    await left;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }

  /** Tries at once, and anew, what is interrupted: the socket and the connections of media. For somebody who does not want to wait. */
  retry(): void {
    this.#signal?.wake(true);
  }

  /** For moderators: nobody else gets in. This and what follows rejects with RoomError `not_allowed`. */
  async lock(locked: boolean, options: CallOptions = {}): Promise<void> {
    await this.#request({ type: 'lock', locked }, options);
  }

  /** For moderators: whether newcomers have to wait for somebody to admit them. */
  async setWaitingRoom(enabled: boolean, options: CallOptions = {}): Promise<void> {
    await this.#request({ type: 'waiting_room', enabled }, options);
  }

  /** Lets somebody in who waits; see `knocking`. */
  async admit(visitor: string, options: CallOptions = {}): Promise<void> {
    await this.#request({ type: 'admit', participant: visitor }, options);
  }

  /** Sends somebody away who waits. */
  async deny(visitor: string, options: CallOptions = {}): Promise<void> {
    await this.#request({ type: 'deny', participant: visitor }, options);
  }

  /**
   * For those who may admit: a token that lets others in as `role` (default `speaker`), for a link's fragment (`/r/{room}#t={token}`); null
   * where none is needed. Rejects with RoomError `not_allowed`.
   */
  async invite(options: CallOptions & { role?: 'speaker' | 'viewer' } = {}): Promise<string | null> {
    const { role = 'speaker', ...rest } = options;
    return (await this.#request({ type: 'invite', role }, rest)).token;
  }

  /** Raises or lowers one's own hand; `local.hand` is then the place in the queue, which the server decides. */
  async raiseHand(raised: boolean, options: CallOptions = {}): Promise<void> {
    await this.#request({ type: 'hand', raised }, options);
  }

  /** A sign to everybody that passes, such as an emoji; 16 characters at most. It comes back as `reaction`. Takes the right `chat`. */
  async react(reaction: string, options: CallOptions = {}): Promise<void> {
    await this.#request({ type: 'react', reaction }, options);
  }

  /** For moderators: shows one person (by id) large to everybody; null ends it. See `info.spotlight`. */
  async setSpotlight(participant: string | null, options: CallOptions = {}): Promise<void> {
    await this.#request({ type: 'spotlight', participant }, options);
  }

  /**
   * The app's own messages: `topic` is 1 to 64 of `A–Z a–z 0–9 _ . / : -` without a slash in front, the same in all pages that talk about the same thing.
   * Throws TypeError for any other. `T` is the app's own promise about what is sent; nobody checks it. They go by the socket, or where
   * `channel` says so by a data channel, for what has to be there within milliseconds.
   */
  data<T = unknown>(topic: string, options: ChannelOptions): ChannelTopic<T>;
  data<T = unknown>(topic: string, options?: TopicOptions): DataTopic<T>;
  data<T>(topic: string, options: TopicOptions | ChannelOptions = {}): DataTopic<T> {
    return 'channel' in options ? this.#channels.open<T>(topic, options) : this.#topics.open<T>(topic, options);
  }

  /**
   * A document that people of this room write together, as Yjs' `Y.Doc`: `name` is 1 to 64 of `A–Z a–z 0–9 _ . / : -`. It is kept as long as
   * chat is. Yjs is loaded with the first one. Resolves before it is `synced`; rejects with TypeError for another name, RoomError `closed`.
   */
  document(name: string, options: CallOptions = {}): Promise<SharedDocument> {
    return this.#documents.open(name, options);
  }

  /** For moderators: ends the room for everybody. */
  async end(options: CallOptions = {}): Promise<void> {
    await this.#request({ type: 'end' }, options);
  }

  /**
   * What is sent and received, measured only while somebody reads, and once for all who do. The first value comes after half a second.
   * Ends without an error when `signal` is aborted or the room is closed.
   */
  statistics(options: StatisticsOptions = {}): AsyncIterableIterator<RoomStatistics> {
    return this.#statistics.iterate(options, (value) => value);
  }

  /** Calls `listener` after changes, once for all that happen in one go; returns how to stop. Bound: made for UI stores. */
  readonly subscribe = (listener: () => void): (() => void) => this.#store.subscribe(listener);

  /** The whole room, immutable, and the same object until something changes. */
  get snapshot(): RoomSnapshot {
    return this.#store.snapshot;
  }

  /** The connections beneath, for tests and statistics. Their owner is the room. `direct` is the first of `peers`. */
  roads(): RoomRoads {
    const peers = this.#roads.peers;
    return { direct: [...peers.values()][0] ?? null, sfu: this.#roads.sfu, peers };
  }

  /** For a bug report. */
  debug(): RoomDebug {
    const { sfu, peers } = this.roads();
    return {
      url: this.#address.url,
      state: this.#state,
      signal: this.#signal ? { phase: this.#signal.phase, ...this.#signal.counters } : null,
      topology: this.#roads.topology,
      sfu: sfu?.connectionState ?? null,
      peers: Object.fromEntries([...peers].map(([id, pc]) => [id, pc.connectionState])),
    };
  }

  async #joinBody() {
    const { name, metadata = '', identity, role } = this.#joinOptions ?? { name: '' };
    const { token, autoSubscribe = true, p2p = true } = this.#options;
    return {
      room: this.#address.room,
      name,
      token: (typeof token === 'function' ? await token() : token) ?? null,
      identity: identity ?? null,
      role: role ?? null,
      p2p: p2p && !this.bySocket,
      autoSubscribe,
      metadata,
    };
  }

  #request: SignalManager['request'] = (body, options) =>
    this.#signal?.request(body, options) ?? Promise.reject(new RoomError('closed', 'Not in the room.'));

  /** For what is relayed to another person: if it fails, they have left or the road changes. */
  #tell(body: Parameters<SignalManager['request']>[0]): void {
    this.#request(body).catch(() => undefined);
  }

  #findPublication(id: string): Publication | LocalPublication | null {
    for (const participant of [this.local, ...this.#people.all.values()]) {
      const publication = participant.publications.get(id);
      if (publication) return publication;
    }
    return null;
  }

  #followRoads(): void {
    this.#roads.addEventListener('ready', ({ epoch }) => this.#tell({ type: 'topology_ready', epoch }));
    this.#roads.addEventListener('failed', ({ epoch }) => this.#tell({ type: 'road_failed', epoch }));
    this.#roads.addEventListener('fault', ({ error }) => this.emit('fault', { error }));
    // What broke one road may have broken the socket, too, which would say so much later.
    const doubt = () => this.#signalUp && this.#signal?.wake(false);
    this.#roads.addEventListener('silent', doubt);
    this.#roads.addEventListener('link', ({ interrupted }) => {
      this.#mediaUp = !interrupted;
      this.#updateState();
      this.#tellMedia();
      if (interrupted) doubt();
    });
  }

  #handleJoined(joined: Joined, again: boolean): void {
    if (again) {
      this.#roads.reset();
      const everybody = [this.local, ...this.#people.all.values()];
      this.#rate(everybody.map(({ id }) => ({ participant: id, quality: null, score: null })));
    }
    this.#info = joined.room;
    this.#rights = joined.rights as Right[];
    this.#knocking.clear();
    for (const visitor of joined.knocking) this.#knocking.set(visitor.id, visitor);
    this.local.handleJoined(joined.you);
    this.#roads.start(joined.iceServers, joined.topology);
    this.#speakers.handleJoined(joined.topology);
    this.#setRoad(joined.topology);
    this.#setSignalUp(true);
    this.#people.handleSnapshot(joined.participants);
    this.#chatInput.handleJoined(joined, again);
    this.#liveInput.handleJoined(joined, again);
    this.#documents.handleBack();
    this.#filesInput.handleJoined(again);
    if (again) void this.#republish();
  }

  async #republish(): Promise<void> {
    for (const error of await this.local.handleRejoined())
      if (error instanceof RoomError) this.emit('fault', { error });
  }

  #handle(message: ServerEvent): void {
    switch (message.type) {
      case 'waiting':
        this.#setState(this.#info ? 'reconnecting' : 'waiting');
        if (!this.#info) this.#joinOptions?.onWaiting?.();
        return;
      case 'participant_joined':
        return this.#people.handleJoined(message.participant);
      case 'participant_left':
        this.#roads.handleLeft(message.participant);
        this.#liveInput.handleLeft(message.participant);
        return this.#people.handleLeft(message.participant);
      case 'participant_updated':
        if (message.participant === this.local.id)
          this.local.handleUpdated({
            name: message.name,
            role: message.role,
            metadata: message.metadata,
            hand: message.hand,
          });
        return this.#people.handleUpdated(message);
      case 'publication_added':
        return this.#people.handlePublicationAdded(message);
      case 'publication_updated':
        this.local.publications
          .get(message.publication.id)
          ?.handleUpdated(message.publication, message.by !== null && message.by !== this.local.id);
        return this.#people.handlePublicationUpdated(message);
      case 'publication_removed':
        this.local.publications.get(message.publication)?.handleRemoved();
        return this.#people.handlePublicationRemoved(message);
      case 'rights_changed':
        this.#rights = message.rights as Right[];
        this.local.handleUpdated({ role: message.role });
        this.#documents.handleBack();
        return this.emit('rightschange', { role: message.role, rights: this.#rights });
      case 'knock':
        this.#knocking.set(message.participant.id, message.participant);
        this.#store.handleChanged();
        return this.emit('knock', { visitor: message.participant });
      case 'knock_ended':
        this.#knocking.delete(message.participant);
        return this.#store.handleChanged();
      case 'room_updated':
        this.#info = message.room;
        this.#store.handleChanged();
        return this.emit('roomchange', { info: message.room });
      case 'speakers':
        return this.#speakers.handleTold(message.speakers);
      case 'chat':
      case 'chat_changed':
      case 'chat_cleared':
      case 'chat_typing':
      case 'chat_read':
        return this.#chatInput.handleMessage(message);
      case 'file_added':
        return this.#filesInput.handleAdded(message.file);
      case 'file_removed':
        return this.#filesInput.handleRemoved(message.file);
      case 'data':
        this.#topics.handleMessage(message);
        return this.#liveInput.handleMessage(message);
      case 'presence':
      case 'state':
      case 'state_deleted':
        return this.#liveInput.handleMessage(message);
      case 'document_sync':
      case 'document_awareness':
      case 'document_closed':
        return this.#documents.handleMessage(message);
      case 'reaction':
        return this.emit('reaction', { participant: message.participant, reaction: message.reaction });
      case 'unmute_asked':
        return this.emit('unmuteasked', { by: message.by, source: message.source });
      case 'topology':
        this.#roads.handleTopology(message.topology);
        this.#speakers.handleTopology(message.topology);
        return this.#setRoad(message.topology);
      case 'bind':
        return this.#roads.handleBind(message.mid, message.publication);
      case 'media_chunk':
      case 'key_frame_wanted':
        return this.#roads.handleSocketMedia(message);
      case 'encodings':
        return this.#roads.handleEncodings(message.publication, message.active);
      case 'need_sections':
        return this.#roads.handleNeedSections(message.audio, message.video);
      case 'quality':
        return this.#rate(message.participants);
      case 'reception':
        return this.#statistics.handleTold(message);
      case 'media_lost':
        return this.#roads.handleMediaLost();
      case 'ice_servers':
        return this.#roads.setIceServers(message.iceServers);
      case 'offer':
        return this.#roads.handleOffer(message);
      case 'answer':
        return this.#roads.handleAnswer(message);
      case 'candidate':
        return this.#roads.handleCandidate(message);
      default:
        message satisfies never;
    }
  }

  #rate(people: readonly PersonalQuality[]): void {
    for (const { participant: id, quality, score } of people) {
      const own = id === this.local.id;
      // Told while one was away: who hears it is back.
      if (own && quality === 'lost') continue;
      const participant = own ? this.local : this.#people.all.get(id);
      if (participant?.handleRated(quality, score)) this.emit('connectionqualitychange', { participant });
    }
  }

  #setRoad({ mode, phase }: Road): void {
    this.#road = { mode, phase };
    this.#store.handleChanged();
    this.emit('topologychange', { mode, phase });
  }

  #setSignalUp(up: boolean): void {
    this.#signalUp = up;
    this.#updateState();
    this.#tellMedia();
  }

  /** As long as the server cannot be reached, that is what is told. */
  #tellMedia(): void {
    if (this.#signalUp && !this.#mediaUp) this.emit('reconnecting', { attempt: 1, phase: 'ice', delay: 0 });
  }

  #updateState(): void {
    if (this.#state === 'closed' || !this.#info) return;
    this.#setState(this.#signalUp && this.#mediaUp ? 'connected' : 'reconnecting');
  }

  #setState(state: RoomState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#store.handleChanged();
    this.emit('statechange', { state, reason: this.#reason });
  }

  /** A page that is closed says good-bye, so that the others don't see a ghost for the grace time. One that is only kept aside may come back. */
  #followPage(): void {
    this.#stopPage = new AbortController();
    const leave = (event: Event) => {
      if (!(event as PageTransitionEvent).persisted) this.#signal?.leaveNow();
    };
    globalThis.addEventListener?.('pagehide', leave, { signal: this.#stopPage.signal });
  }

  #close(reason: RoomError | null): void {
    if (this.#state === 'closed') return;
    this.#reason = reason;
    this.#setState('closed');
    this.#stopPage?.abort();
    this.#signalUp = false;
    this.local.handleClosed();
    this.#people.handleClosed();
    this.#roads.close();
    this.#chatInput.handleClosed();
    this.#topics.handleClosed();
    this.#liveInput.handleClosed();
    this.#documents.handleClosed(reason);
    this.#channels.handleClosed();
    this.#statistics.handleClosed();
    this.#speakers.handleClosed();
  }

  async #untilConnected(signal?: AbortSignal | null): Promise<void> {
    await abortable(
      new Promise<void>((resolve, reject) => {
        const settle = () => {
          if (this.#signalUp) resolve();
          else if (this.#state === 'closed') reject(this.#reason ?? new RoomError('closed', 'The room was left.'));
          else return;
          this.removeEventListener('statechange', settle);
        };
        this.addEventListener('statechange', settle, signal ? { signal } : {});
        settle();
      }),
      signal,
    );
  }
}
