import { ClockedTimeouts } from '../common/clock.js';
import { Emitter } from '../common/emitter.js';
import type { RoomError } from '../common/room-error.js';
import type { SocketLink } from '../socket-media/index.js';
import type {
  IceServer,
  IceServerLists,
  KeyFrameWanted,
  MediaChunkCame,
  PeerAnswer,
  PeerCandidate,
  PeerOffer,
  Topology,
} from '../wire/generated.js';
import type { LinkState } from './connection-watch.js';
import type { Carried, ConnectionFactory, Mode } from './link.js';
import type { ChannelEvents, LinkChannels } from './link-channels.js';
import type { LinkSample } from './link-sample.js';
import type { PeerPorts } from './peer-connection.js';
import { PeerConnection } from './peer-connection.js';
import type { Receiver } from './receiver.js';
import { Retirement } from './retirement.js';
import type { Encodings } from './send-section.js';
import type { Kind } from './send-sections.js';
import type { ServerOffer } from './sfu-connection.js';
import { SfuConnection } from './sfu-connection.js';
import type { SocketPorts } from './socket-road.js';
import { canTakeSocket, openSocketLink } from './socket-road.js';

/** The receiving sections that the pool starts with. */
const POOL = { audio: 3, video: 4 };
const RENEW_FIRST_MS = 500;
const RENEW_LAST_MS = 10_000;
/** After so many connections in a row that did not stand media goes by the socket, where the browser can. */
const SOCKET_AFTER = 2;

export interface RoadsEvents extends ChannelEvents {
  /** Everything that is received comes by the new road. */
  ready: { epoch: number };
  /** The direct road of this epoch does not come about, or broke. */
  failed: { epoch: number };
  /** The road that media takes now is interrupted, or works again. */
  link: { interrupted: boolean };
  /** Nothing comes any more by a connection that says it works. */
  silent: object;
  fault: { error: RoomError };
}

export interface RoadsPorts extends Omit<PeerPorts, 'createPeerConnection'> {
  createPeerConnection: ConnectionFactory;
  offerServer(offer: ServerOffer): Promise<{ sdp: string }>;
  /** Null: media never goes by the socket. */
  socket: SocketPorts | null;
  /** It does from the start. */
  bySocket: boolean;
}

interface Sending {
  kind: Kind;
  track: MediaStreamTrack | null;
  /** By the server; directly the browser sends one stream. */
  encodings: Encodings;
}

/** To the server: by WebRTC, or by the socket. */
type ServerLink = SfuConnection | SocketLink;
type Link = ServerLink | PeerConnection;

const isSocket = (link: Link | null): link is SocketLink => link !== null && link.pc === null;

/**
 * Where media goes and comes: the connection to the server and those with other people, as the topology says. A road is made before
 * another is given up. Input: topology, messages about media, what is sent and wanted. Output: `ready`, `failed`.
 */
export class Roads extends Emitter<RoadsEvents> {
  readonly #ports: RoadsPorts;
  readonly #timers: ClockedTimeouts;
  readonly #retirement: Retirement;
  readonly #sending = new Map<string, Sending>();
  readonly #receivers = new Map<string, { receiver: Receiver; onProgress: () => void }>();
  readonly #peers = new Map<string, PeerConnection>();
  #configs: Record<Mode, RTCConfiguration> = { sfu: {}, direct: {} };
  #sfu: ServerLink | null = null;
  /** Null where the browser could not do it. */
  readonly #socket: SocketPorts | null;
  #bySocket: boolean;
  /** Counts links to the server: one that was being loaded may be wanted no more. */
  #opened = 0;
  #wanted = { audio: 0, video: 0 };
  #topology: Topology | null = null;
  #readyEpoch = -1;
  #failedEpoch = -1;
  #interrupted = false;
  #renewals = 0;

  constructor(ports: RoadsPorts) {
    super();
    this.#ports = ports;
    this.#timers = new ClockedTimeouts(ports.clock);
    this.#retirement = new Retirement(ports.clock);
    this.#socket = canTakeSocket() ? ports.socket : null;
    this.#bySocket = ports.bySocket && this.#socket !== null;
  }

  /** Media to and from the server goes by the socket. */
  get bySocket(): boolean {
    return this.#bySocket;
  }

  get sfu(): RTCPeerConnection | null {
    return this.#sfu?.pc ?? null;
  }

  get peers(): ReadonlyMap<string, RTCPeerConnection> {
    return new Map([...this.#peers].map(([id, link]) => [id, link.pc]));
  }

  get topology(): Topology | null {
    return this.#topology;
  }

  /** What all connections tell at this moment. */
  async sample(): Promise<LinkSample[]> {
    const { sampleLink } = await import('./link-sample.js');
    const samples = [...this.#links()].map((link) => link.pc && sampleLink(link.pc, link.key, link.carried()));
    return (await Promise.all(samples)).filter((sample) => sample !== null);
  }

  /** What goes and comes directly. */
  *carriedDirectly(): Iterable<Carried> {
    for (const link of this.#peers.values()) yield* link.carried();
  }

  /** After `joined`. */
  start(iceServers: IceServerLists, topology: Topology): void {
    this.setIceServers(iceServers);
    this.#openSfu();
    this.handleTopology(topology);
  }

  setIceServers({ sfu, direct }: IceServerLists): void {
    this.#configs = { sfu: configOf(sfu), direct: configOf(direct) };
    // Taken up by the next ICE restart of what exists.
    for (const link of this.#links())
      link.pc?.setConfiguration?.({ ...link.pc.getConfiguration?.(), ...this.#configs[modeOf(link)] });
  }

  publish(id: string, kind: Kind, track: MediaStreamTrack | null, encodings: Encodings = []): void {
    this.#sending.set(id, { kind, track, encodings });
    for (const link of this.#links()) if (this.#sendsOn(link)) link.publish(id, kind, track, encodings);
  }

  async replace(id: string, track: MediaStreamTrack | null, encodings: Encodings): Promise<void> {
    const sending = this.#sending.get(id);
    if (!sending) return;
    Object.assign(sending, { track, encodings });
    await Promise.all([...this.#links()].map((link) => link.replace(id, track, encodings)));
  }

  unpublish(id: string): void {
    this.#sending.delete(id);
    for (const link of this.#links()) link.unpublish(id);
  }

  /** From now on this publication is wanted, and shown by this receiver. */
  receive(id: string, receiver: Receiver): void {
    this.drop(id);
    const onProgress = () => this.#check();
    receiver.addEventListener('progress', onProgress);
    this.#receivers.set(id, { receiver, onProgress });
    if (this.#topology) receiver.setTarget(this.#topology.mode, this.#topology.phase === 'commit');
    for (const link of this.#links()) {
      const incoming = link.incoming(id);
      if (incoming) receiver.handleIncoming(link.key, modeOf(link), incoming);
    }
  }

  /** It is not wanted any more. */
  drop(id: string): void {
    const entry = this.#receivers.get(id);
    if (!entry) return;
    this.#receivers.delete(id);
    entry.receiver.removeEventListener('progress', entry.onProgress);
    for (const link of this.#links()) {
      entry.receiver.handleGone(link.key);
      if (isSocket(link)) link.drop(id);
    }
    this.#check();
  }

  handleTopology(topology: Topology): void {
    this.#topology = topology;
    const { mode, phase } = topology;
    const near = mode === 'direct' || phase === 'prepare' ? topology.peers : [];
    for (const [id, link] of this.#peers) {
      const keep = near.some((peer) => peer.participant === id) && !(mode === 'direct' && link.state === 'dead');
      if (!keep) this.#closePeer(link);
    }
    // On the way to the server only what exists is kept: a direct road that failed is not tried again.
    if (mode === 'direct') for (const peer of near) this.#openPeer(peer.participant, peer.polite);
    if (this.#sfu) this.#supply(this.#sfu);
    for (const { receiver } of this.#receivers.values()) receiver.setTarget(mode, phase === 'commit');
    this.#updateInterrupted();
    this.#check();
    this.emit('channels', {});
  }

  handleBind(mid: string, publication: string | null): void {
    this.#sfu?.handleBind(mid, publication);
  }

  handleSocketMedia(message: MediaChunkCame | KeyFrameWanted): void {
    const wanted = message.type === 'key_frame_wanted' || this.#receivers.has(message.publication);
    if (wanted && isSocket(this.#sfu)) this.#sfu.handleMessage(message);
  }

  handleEncodings(publication: string, active: readonly string[]): void {
    this.#sfu?.handleEncodings(publication, active);
  }

  handleNeedSections(audio: number, video: number): void {
    this.#wanted = { audio: Math.max(audio, this.#wanted.audio), video: Math.max(video, this.#wanted.video) };
    this.#sfu?.requireSections(this.#wanted.audio, this.#wanted.video);
  }

  /** The server's side of the connection is gone. */
  handleMediaLost(): void {
    this.#renewSfu();
  }

  /**
   * The server can be asked. `changed`: the network is back, or another one: nothing waits for its turn, and all paths are found anew.
   * Else only those that are still silent.
   */
  handleNetworkBack(changed: boolean): void {
    if (changed && this.#timers.has('renew')) this.#reopenSfu();
    for (const link of this.#links()) if (changed || link.silent) link.restart();
  }

  handleOffer(message: PeerOffer): void {
    void this.#peers.get(message.from)?.handleOffer(message);
  }

  handleAnswer(message: PeerAnswer): void {
    void this.#peers.get(message.from)?.handleAnswer(message);
  }

  handleCandidate(message: PeerCandidate): void {
    void this.#peers.get(message.from)?.handleCandidate(message);
  }

  /** That person has left: the same identity may come again, but not by the same connection. */
  handleLeft(participant: string): void {
    const link = this.#peers.get(participant);
    if (link) this.#closePeer(link);
  }

  /** The session was lost: forget all ids. What is shown stays until something new replaces it, for 10 s at most. */
  reset(): void {
    const receivers = [...this.#receivers.values()].map(({ receiver }) => receiver);
    for (const link of this.#links()) this.#retirement.add(link, receivers);
    for (const { receiver, onProgress } of this.#receivers.values())
      receiver.removeEventListener('progress', onProgress);
    this.#receivers.clear();
    this.#peers.clear();
    this.#sending.clear();
    this.#sfu = null;
    this.#opened += 1;
    this.#topology = null;
    this.#wanted = { audio: 0, video: 0 };
    this.#readyEpoch = this.#failedEpoch = -1;
    this.#renewals = 0;
    this.#timers.clearAll();
    this.#updateInterrupted();
  }

  close(): void {
    this.reset();
    this.#retirement.closeAll();
  }

  /** Those of everybody to whom media goes directly now (null: not by this connection, for it is broken), or null; and those to the server. */
  channels(): { peers: (readonly [string, LinkChannels | null])[] | null; sfu: LinkChannels | null } {
    const near = this.#topology?.mode === 'direct' ? this.#topology.peers : null;
    const of = (link?: Link | null) => (link?.state === 'connected' ? link.channels : null);
    const peers = near?.map(({ participant }) => [participant, of(this.#peers.get(participant))] as const) ?? null;
    return { peers, sfu: of(this.#sfu) };
  }

  *#links(): Iterable<Link> {
    if (this.#sfu) yield this.#sfu;
    yield* this.#peers.values();
  }

  #needsServer(): boolean {
    const topology = this.#topology;
    return topology !== null && (topology.mode === 'sfu' || topology.phase === 'prepare');
  }

  #sendsOn(link: Link): boolean {
    return link instanceof PeerConnection || this.#needsServer();
  }

  /** Gives the connection to the server what the topology wants of it. */
  #supply(sfu: ServerLink): void {
    if (this.#needsServer()) {
      for (const [id, { kind, track, encodings }] of this.#sending) sfu.publish(id, kind, track, encodings);
      this.handleNeedSections(POOL.audio, POOL.video);
    } else {
      for (const id of this.#sending.keys()) sfu.unpublish(id);
    }
  }

  #openSfu(): void {
    this.#opened += 1;
    if (this.#bySocket && this.#socket) return void this.#openSocket(this.#socket);
    this.#sfu = new SfuConnection(this.#configs.sfu, {
      createPeerConnection: this.#ports.createPeerConnection,
      clock: this.#ports.clock,
      offer: (offer) => this.#ports.offerServer(offer),
    });
    this.#follow(this.#sfu);
  }

  async #openSocket(ports: SocketPorts): Promise<void> {
    const number = this.#opened;
    const link = await openSocketLink(ports).catch(() => null);
    if (number !== this.#opened) return link?.close();
    // Without the module there is no other road either: it is asked for again.
    if (!link) return this.#timers.set('renew', RENEW_LAST_MS, () => this.#reopenSfu());
    this.#sfu = link;
    this.#follow(link);
    this.#supply(link);
    // It may have been opened while it was not followed yet.
    this.#handleState(link, link.state);
  }

  /** A new connection in place of one that is gone; at once the first time, rarer where that does not help. */
  #renewSfu(): void {
    const old = this.#sfu;
    if (!old || this.#timers.has('renew')) return;
    this.#sfu = null;
    const receivers = [...this.#receivers.values()].map(({ receiver }) => receiver);
    this.#retirement.add(old, receivers);
    const delay = this.#renewals === 0 ? 0 : Math.min(RENEW_LAST_MS, RENEW_FIRST_MS * 2 ** this.#renewals);
    this.#renewals += 1;
    this.#bySocket ||= this.#renewals >= SOCKET_AFTER && this.#socket !== null;
    this.#timers.set('renew', delay, () => this.#reopenSfu());
    this.#updateInterrupted();
  }

  #reopenSfu(): void {
    this.#timers.clear('renew');
    this.#openSfu();
    if (this.#sfu) this.#supply(this.#sfu);
  }

  #openPeer(id: string, polite: boolean): void {
    if (this.#peers.has(id)) return;
    const link = new PeerConnection(id, polite, this.#configs.direct, this.#ports);
    this.#peers.set(id, link);
    this.#follow(link);
    for (const [publication, { kind, track }] of this.#sending) link.publish(publication, kind, track);
  }

  #closePeer(link: PeerConnection): void {
    this.#peers.delete(link.peer);
    for (const { receiver } of this.#receivers.values()) receiver.handleGone(link.key);
    link.close();
    this.#updateInterrupted();
  }

  #follow(link: Link): void {
    const current = () => (link instanceof PeerConnection ? this.#peers.get(link.peer) === link : this.#sfu === link);
    link.addEventListener('track', (event) => {
      const { publication, track, rtp, reused } = event;
      if (current()) {
        const incoming = { publication, track, rtp, reused };
        this.#receivers.get(publication)?.receiver.handleIncoming(link.key, modeOf(link), incoming);
      }
    });
    link.addEventListener('untrack', ({ publication }) => {
      if (current()) this.#receivers.get(publication)?.receiver.handleGone(link.key);
    });
    link.addEventListener('state', ({ state }) => {
      if (current()) this.#handleState(link, state);
    });
    link.channels?.addEventListener('message', ({ kind, bytes, peer }) => this.emit('message', { kind, bytes, peer }));
    link.channels?.addEventListener('channels', () => this.emit('channels', {}));
    link.channels?.addEventListener('channelclosed', ({ kind }) => {
      if (current()) this.emit('channelclosed', { kind });
    });
    link.addEventListener('silent', () => {
      if (current()) this.emit('silent', {});
    });
    link.addEventListener('fault', ({ error }) => {
      if (current()) this.emit('fault', { error });
    });
  }

  #handleState(link: Link, state: LinkState): void {
    if (!(link instanceof PeerConnection)) {
      if (state === 'connected') this.#renewals = 0;
      if (state === 'dead') this.#renewSfu();
    } else if (state === 'dead' && this.#topology?.mode === 'direct') {
      this.#fail(this.#topology.epoch);
    }
    this.#updateInterrupted();
    this.#check();
    this.emit('channels', {});
  }

  #fail(epoch: number): void {
    if (this.#failedEpoch === epoch) return;
    this.#failedEpoch = epoch;
    this.emit('failed', { epoch });
  }

  /** Tells the server once when all that is wanted comes by the new road. */
  #check(): void {
    const topology = this.#topology;
    if (topology?.phase !== 'prepare' || this.#readyEpoch === topology.epoch) return;
    const links: (Link | null)[] = topology.mode === 'sfu' ? [this.#sfu] : [...this.#peers.values()];
    if (!links.every((link) => link?.state === 'connected')) return;
    for (const { receiver } of this.#receivers.values()) if (!receiver.ready(topology.mode)) return;
    this.#readyEpoch = topology.epoch;
    this.emit('ready', { epoch: topology.epoch });
  }

  #updateInterrupted(): void {
    // On the way to the server its connection is what counts; on the way back it still is.
    const links: (Link | null)[] = this.#needsServer() ? [this.#sfu] : [...this.#peers.values()];
    // In place of one that died there is a new one at once: nothing is better before it stands.
    const broken = links.some(
      (link) =>
        !link || link.state === 'trouble' || link.state === 'dead' || (link === this.#sfu && this.#renewals > 0),
    );
    const interrupted = this.#topology !== null && broken;
    if (interrupted === this.#interrupted) return;
    this.#interrupted = interrupted;
    this.emit('link', { interrupted });
  }
}

const modeOf = (link: Link): Mode => (link instanceof PeerConnection ? 'direct' : 'sfu');

const configOf = (iceServers: IceServer[]): RTCConfiguration => ({
  iceServers: iceServers.map(({ urls, username, credential }) => ({
    urls,
    ...(username !== null && { username }),
    ...(credential !== null && { credential }),
  })),
});
