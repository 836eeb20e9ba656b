import type { Clock } from '../common/clock.js';
import type { Carried } from '../media/link.js';
import type { Topology } from '../wire/generated.js';
import type { VoiceSource } from './direct-speakers.js';
import { DirectSpeakers } from './direct-speakers.js';
import type { LocalPublication } from './local-publication.js';
import type { Publication } from './publication.js';
import type { Speaker } from './room-events.js';

interface Ports {
  clock: Clock;
  /** What goes from page to page. */
  carriedDirectly(): Iterable<Carried>;
  find(publication: string): Publication | LocalPublication | null;
  /** Others speak now, or in another order. */
  changed(speakers: readonly Speaker[]): void;
}

/** Who speaks: as the server says, or in a direct call, where it hears nobody, as this page measures. */
export class Speakers {
  readonly #ports: Ports;
  readonly #direct: DirectSpeakers;
  #now: readonly Speaker[] = [];
  /** What the server heard last. */
  #heard: readonly Speaker[] = [];

  constructor(ports: Ports) {
    this.#ports = ports;
    this.#direct = new DirectSpeakers({
      clock: ports.clock,
      sources: () => this.#sources(),
      changed: (speakers) => this.#set(speakers),
    });
  }

  /** Loudest first. */
  get now(): readonly Speaker[] {
    return this.#now;
  }

  /** Nobody was heard in this session yet. */
  handleJoined(topology: Topology): void {
    this.#heard = this.#now = [];
    this.#direct.stop();
    this.handleTopology(topology);
  }

  handleTold(speakers: readonly Speaker[]): void {
    this.#heard = speakers;
    if (!this.#direct.running) this.#set(speakers);
  }

  handleTopology({ mode, phase, peers }: Topology): void {
    const direct = peers.length > 0 && (mode === 'direct') === (phase === 'commit');
    if (direct) return this.#direct.start();
    if (!this.#direct.running) return;
    this.#direct.stop();
    this.#set(this.#heard);
  }

  handleClosed(): void {
    this.#direct.stop();
  }

  #set(speakers: readonly Speaker[]): void {
    if (speakers.length + this.#now.length === 0) return;
    this.#now = speakers;
    this.#ports.changed(speakers);
  }

  *#sources(): Iterable<VoiceSource> {
    for (const carried of this.#ports.carriedDirectly()) {
      const publication = this.#ports.find(carried.publication);
      if (publication?.source !== 'microphone' || publication.muted) continue;
      const { id, participant } = publication;
      yield { publication: id, participant: participant.id, carried };
    }
  }
}
