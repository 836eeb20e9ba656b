import type { Clock } from '../common/clock.js';
import { ClockedTimeouts } from '../common/clock.js';
import { Emitter } from '../common/emitter.js';
import { OperationQueue } from '../common/operation-queue.js';
import { RoomError } from '../common/room-error.js';
import type { LinkState } from './connection-watch.js';
import { ConnectionWatch } from './connection-watch.js';
import type { Carried, ConnectionFactory, Incoming, LinkEvents } from './link.js';
import { linkKey } from './link.js';
import { LinkChannels } from './link-channels.js';
import type { Kind } from './send-sections.js';
import { SendSections } from './send-sections.js';

/** How long the polite side leaves the first offer to the other, which saves a collision nearly always. */
const POLITE_MS = 300;

export interface Description {
  serial: number;
  sdp: string;
  publications: Record<string, string>;
}

export interface CandidateInit {
  candidate: string;
  sdpMid: string | null;
  sdpMLineIndex: number | null;
  usernameFragment: string | null;
}

export interface PeerPorts {
  createPeerConnection: ConnectionFactory;
  clock: Clock;
  /** Both reject with RoomError; `no_such_publication` when one that they name has ended meanwhile. */
  offer(to: string, description: Description): Promise<unknown>;
  answer(to: string, description: Description): Promise<unknown>;
  candidate(to: string, candidate: CandidateInit): void;
}

/** The direct connection with one person, by perfect negotiation (webrtc-pc, section 10.7) in an operation queue. */
export class PeerConnection extends Emitter<LinkEvents> {
  readonly key: string;
  readonly peer: string;
  readonly polite: boolean;
  readonly pc: RTCPeerConnection;
  readonly channels: LinkChannels;
  readonly #ports: PeerPorts;
  readonly #queue = new OperationQueue();
  readonly #timers: ClockedTimeouts;
  readonly #watch: ConnectionWatch;
  readonly #sends: SendSections;
  readonly #incoming = new Map<string, Incoming>();
  readonly #bound = new Map<string, string>();
  readonly #used = new Set<string>();
  #candidates: CandidateInit[] = [];
  #serial = 0;
  /** Of the other side: another one means other paths. */
  #fragment: string | undefined;
  #stopped = false;

  constructor(peer: string, polite: boolean, config: RTCConfiguration, ports: PeerPorts) {
    super();
    this.key = linkKey(`direct:${peer}`);
    this.peer = peer;
    this.polite = polite;
    this.#ports = ports;
    this.#timers = new ClockedTimeouts(ports.clock);
    this.pc = ports.createPeerConnection({ ...config, bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' });
    this.#sends = new SendSections(this.pc);
    let stood = false;
    this.#watch = new ConnectionWatch(this.pc, ports.clock, {
      failFast: true,
      sends: () => this.#sends.size > 0,
      restart: () => this.pc.restartIce(),
      changed: (state) => {
        if (state === 'connected' && stood) void this.#sends.refresh();
        stood ||= state === 'connected';
        this.emit('state', { state });
      },
      silent: () => this.emit('silent', {}),
      heard: () => void this.#sends.refresh(),
    });
    this.#watch.start();
    this.pc.onnegotiationneeded = () => this.#negotiate();
    this.pc.onicecandidate = ({ candidate }) => {
      if (!candidate || this.#stopped) return;
      const { sdpMid, sdpMLineIndex, usernameFragment } = candidate;
      ports.candidate(peer, { candidate: candidate.candidate, sdpMid, sdpMLineIndex, usernameFragment });
    };
    // Connects also while neither side has anything to send.
    if (!polite) this.pc.createDataChannel('tertulia');
    this.channels = new LinkChannels(this.pc, peer);
  }

  get state(): LinkState {
    return this.#watch.state;
  }

  get silent(): boolean {
    return this.#watch.silent;
  }

  publish(id: string, kind: Kind, track: MediaStreamTrack | null): void {
    if (!this.#sends.has(id)) this.#sends.add(id, kind, track);
  }

  unpublish(id: string): void {
    this.#sends.remove(id);
  }

  replace(id: string, track: MediaStreamTrack | null): Promise<void> {
    return this.#sends.replace(id, track);
  }

  incoming(publication: string): Incoming | null {
    return this.#incoming.get(publication) ?? null;
  }

  /** What goes and comes by this connection now. */
  *carried(): Iterable<Carried> {
    yield* this.#sends.carried();
    for (const section of this.pc.getTransceivers()) {
      const publication = section.mid === null ? undefined : this.#bound.get(section.mid);
      if (publication !== undefined) yield { publication, direction: 'receive', section };
    }
  }

  handleOffer({ serial, sdp, publications }: Description): Promise<void> {
    return this.#run(async () => {
      const collision = this.pc.signalingState !== 'stable';
      if (collision && !this.polite) return;
      await this.pc.setRemoteDescription({ type: 'offer', sdp }); // takes back our own offer by itself
      await this.#described(publications);
      const own = this.#sends.snapshot();
      await this.pc.setLocalDescription();
      void this.#say('answer', { serial, sdp: this.pc.localDescription?.sdp ?? '', publications: own() });
    });
  }

  handleAnswer({ serial, sdp, publications }: Description): Promise<void> {
    return this.#run(async () => {
      if (serial !== this.#serial || this.pc.signalingState !== 'have-local-offer') return;
      await this.pc.setRemoteDescription({ type: 'answer', sdp });
      await this.#described(publications);
    });
  }

  handleCandidate({ candidate, sdpMid, sdpMLineIndex, usernameFragment }: CandidateInit): Promise<void> {
    return this.#run(async () => {
      const init = { candidate, sdpMid, sdpMLineIndex, usernameFragment };
      if (this.pc.remoteDescription) await this.#addCandidate(init);
      else if (this.#candidates.length < 100) this.#candidates.push(init);
    });
  }

  /** Finds a path anew. */
  restart(): void {
    this.#watch.restart();
  }

  /** No more messages and events; what it receives stays until `close`. */
  retire(): void {
    this.#stopped = true;
    this.#timers.clearAll();
    this.#watch.stop();
    this.pc.onnegotiationneeded = null;
    this.pc.onicecandidate = null;
  }

  close(): void {
    this.retire();
    this.pc.close();
  }

  #negotiate(): void {
    const patient = this.polite && !this.pc.remoteDescription;
    if (!patient) return void this.#offer();
    if (!this.#timers.has('polite')) this.#timers.set('polite', POLITE_MS, () => void this.#offer());
  }

  #offer(): Promise<void> {
    this.#timers.clear('polite');
    return this.#run(async () => {
      if (this.pc.signalingState !== 'stable') return; // the event comes again when it is
      const publications = this.#sends.snapshot();
      await this.pc.setLocalDescription();
      if (this.pc.localDescription?.type !== 'offer') return;
      this.#serial += 1;
      const { sdp } = this.pc.localDescription;
      void this.#say('offer', { serial: this.#serial, sdp, publications: publications() });
    });
  }

  /** Is passed on only when every publication that it names exists: without those that ended on the way it is said again. */
  async #say(type: 'offer' | 'answer', description: Description): Promise<void> {
    const { serial, publications } = description;
    try {
      await this.#ports[type](this.peer, description);
    } catch (error) {
      // Anything else ends with the session or the road.
      if (!(error instanceof RoomError) || error.code !== 'no_such_publication') return;
      const over = type === 'offer' && (serial !== this.#serial || this.pc.signalingState !== 'have-local-offer');
      const ended = Object.keys(publications).filter((mid) => !this.#sends.has(publications[mid] as string));
      if (over || ended.length === 0) return;
      for (const mid of ended) delete publications[mid];
      await this.#say(type, description);
    }
  }

  async #described(publications: Record<string, string>): Promise<void> {
    const waiting = this.#candidates;
    this.#candidates = [];
    for (const candidate of waiting) await this.#addCandidate(candidate);
    const fragment = /a=ice-ufrag:(\S+)/.exec(this.pc.remoteDescription?.sdp ?? '')?.[1];
    if (this.#fragment && fragment !== this.#fragment) void this.#sends.refresh();
    this.#fragment = fragment;
    this.#bind(publications);
  }

  /** The map tells all that the other side sends now. */
  #bind(publications: Record<string, string>): void {
    for (const [mid, id] of this.#bound) {
      if (publications[mid] === id) continue;
      this.#bound.delete(mid);
      this.#incoming.delete(id);
      this.emit('untrack', { publication: id });
    }
    for (const { mid, receiver } of this.pc.getTransceivers()) {
      const publication = mid === null ? undefined : publications[mid];
      if (mid === null || publication === undefined || this.#bound.has(mid)) continue;
      const incoming = { publication, track: receiver.track, rtp: receiver, reused: this.#used.has(mid) };
      this.#used.add(mid);
      this.#bound.set(mid, publication);
      this.#incoming.set(publication, incoming);
      this.emit('track', incoming);
    }
  }

  async #addCandidate(candidate: CandidateInit): Promise<void> {
    // One that cannot be used (of an offer that we passed over, of a connection before) is no fault: the watch sees whether it connects.
    await this.pc.addIceCandidate(candidate).catch(() => undefined);
  }

  async #run(operation: () => Promise<void>): Promise<void> {
    try {
      await this.#queue.run(async () => {
        if (!this.#stopped) await operation();
      });
    } catch (error) {
      this.#fault(error);
    }
  }

  /** A description that does not work: the road does not come about in time, and the room goes by the server. */
  #fault(cause: unknown): void {
    if (this.#stopped) return;
    this.emit('fault', {
      error: new RoomError('bad_offer', `Direct connection with ${this.peer}: ${cause}`, { cause }),
    });
  }
}
