import type { Clock } from '../common/clock.js';
import { Emitter } from '../common/emitter.js';
import { RoomError } from '../common/room-error.js';
import type { LinkState } from './connection-watch.js';
import { ConnectionWatch } from './connection-watch.js';
import { askForDescriptors } from './descriptors.js';
import type { Carried, ConnectionFactory, Incoming, LinkEvents } from './link.js';
import { linkKey } from './link.js';
import { LinkChannels } from './link-channels.js';
import type { Encodings } from './send-section.js';
import type { Kind } from './send-sections.js';
import { SendSections } from './send-sections.js';

export interface ServerOffer {
  serial: number;
  sdp: string;
  publications: Record<string, string>;
}

export interface SfuPorts {
  createPeerConnection: ConnectionFactory;
  clock: Clock;
  /** Resolves with the server's answer. */
  offer(offer: ServerOffer): Promise<{ sdp: string }>;
}

/**
 * The connection to the server, from serial 1 to its end; `dead` asks the owner for a new one.
 * Input: sections and bindings. Output: `track` and `untrack` for what is bound.
 */
export class SfuConnection extends Emitter<LinkEvents> {
  readonly key = linkKey('sfu');
  readonly pc: RTCPeerConnection;
  readonly channels: LinkChannels;
  readonly #ports: SfuPorts;
  readonly #watch: ConnectionWatch;
  readonly #sends: SendSections;
  readonly #pool: Record<Kind, RTCRtpTransceiver[]> = { audio: [], video: [] };
  readonly #bound = new Map<string, string>();
  /** Sections that have carried something already. */
  readonly #used = new Set<string>();
  #serial = 0;
  #dirty = false;
  #running: Promise<void> | null = null;
  #stopped = false;
  #dead = false;

  constructor(config: RTCConfiguration, ports: SfuPorts) {
    super();
    this.#ports = ports;
    this.pc = ports.createPeerConnection({ ...config, bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' });
    // Its success shows that media can reach the server, long before the server is needed for media.
    this.pc.createDataChannel('tertulia');
    this.channels = new LinkChannels(this.pc, null);
    this.#sends = new SendSections(this.pc);
    this.#watch = new ConnectionWatch(this.pc, ports.clock, {
      failFast: false,
      sends: () => this.#sends.size > 0,
      restart: () => {
        this.pc.restartIce();
        this.negotiate();
      },
      changed: (state) => this.emit('state', { state }),
      silent: () => this.emit('silent', {}),
    });
    this.negotiate();
  }

  get state(): LinkState {
    return this.#dead ? 'dead' : this.#watch.state;
  }

  get silent(): boolean {
    return this.#watch.silent;
  }

  publish(id: string, kind: Kind, track: MediaStreamTrack | null, encodings: Encodings = []): void {
    if (this.#sends.has(id)) return;
    this.#sends.add(id, kind, track, encodings);
    this.negotiate();
  }

  unpublish(id: string): void {
    if (!this.#sends.has(id)) return;
    this.#sends.remove(id);
    this.negotiate();
  }

  replace(id: string, track: MediaStreamTrack | null, encodings: Encodings): Promise<void> {
    return this.#sends.replace(id, track, encodings);
  }

  handleEncodings(publication: string, active: readonly string[]): void {
    this.#sends.setWatched(publication, active);
  }

  /** Keeps at least so many receiving sections. */
  requireSections(audio: number, video: number): void {
    let added = false;
    for (const [kind, wanted] of [['audio', audio] as const, ['video', video] as const]) {
      while (this.#pool[kind].length < wanted) {
        const section = this.pc.addTransceiver(kind, { direction: 'recvonly' });
        if (kind === 'video') askForDescriptors(section);
        this.#pool[kind].push(section);
        added = true;
      }
    }
    if (added) this.negotiate();
  }

  handleBind(mid: string, publication: string | null): void {
    const before = this.#bound.get(mid);
    if (before === publication) return;
    const section = this.pc.getTransceivers().find((transceiver) => transceiver.mid === mid);
    if (publication === null || !section) {
      if (before === undefined) return;
      this.#bound.delete(mid);
      return this.emit('untrack', { publication: before });
    }
    for (const [other, id] of this.#bound) if (id === publication) this.#bound.delete(other);
    this.#bound.set(mid, publication);
    if (before !== undefined) this.emit('untrack', { publication: before });
    const reused = this.#used.has(mid);
    this.#used.add(mid);
    this.emit('track', { publication, track: section.receiver.track, rtp: section.receiver, reused });
  }

  /** What is received for a publication now. */
  incoming(publication: string): Incoming | null {
    for (const [mid, id] of this.#bound) {
      if (id !== publication) continue;
      const section = this.pc.getTransceivers().find((transceiver) => transceiver.mid === mid);
      if (section) return { publication, track: section.receiver.track, rtp: section.receiver, reused: false };
    }
    return null;
  }

  /** What goes and comes by this connection now. */
  *carried(): Iterable<Carried> {
    yield* this.#sends.carried();
    for (const section of this.pc.getTransceivers()) {
      const publication = section.mid === null ? undefined : this.#bound.get(section.mid);
      if (publication !== undefined) yield { publication, direction: 'receive', section };
    }
  }

  /** An offer with everything as it is then. One is in flight at a time; what changes meanwhile goes into the next. */
  negotiate(): void {
    this.#dirty = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
  }

  /** Finds a path anew. */
  restart(): void {
    this.#watch.restart();
  }

  /** No more offers and no more events; what it receives stays until `close`. */
  retire(): void {
    this.#stopped = true;
    this.#watch.stop();
  }

  close(): void {
    this.retire();
    this.pc.close();
  }

  async #run(): Promise<void> {
    await null; // what changes in one go makes one offer
    while (this.#dirty && !this.#stopped) {
      this.#dirty = false;
      try {
        await this.#exchange();
      } catch (error) {
        if (!this.#stopped) await this.#handleRefusal(error);
      }
    }
  }

  async #exchange(): Promise<void> {
    const publications = this.#sends.snapshot();
    await this.pc.setLocalDescription();
    // Another connection may have taken its place meanwhile, and its offers are numbered anew.
    if (this.#stopped) return;
    const sdp = this.pc.localDescription?.sdp ?? '';
    const answer = await this.#ports.offer({ serial: ++this.#serial, sdp, publications: publications() });
    if (this.#stopped) return;
    await this.pc.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
    this.#sends.settle();
    this.#watch.start();
  }

  async #handleRefusal(error: unknown): Promise<void> {
    // Without a session there is nobody to offer to; the owner begins anew with the next one.
    if (error instanceof RoomError && (error.code === 'session_gone' || error.code === 'closed')) {
      this.retire();
      return;
    }
    const fault = error instanceof RoomError ? error : new RoomError('bad_offer', String(error), { cause: error });
    // What the offer named had ended on the way: that is known by now, and in the next offer.
    const ended = fault.code === 'no_such_publication';
    if (!ended) this.emit('fault', { error: fault });
    const keep = ended || fault.code === 'no_common_codec' || fault.code === 'too_many_sections';
    if (keep && this.#serial > 1 && this.pc.signalingState === 'have-local-offer') {
      // What was agreed before goes on; a section that was refused stays without media.
      return this.pc.setLocalDescription({ type: 'rollback' });
    }
    this.#dead = true;
    this.retire();
    this.emit('state', { state: 'dead' });
  }
}
