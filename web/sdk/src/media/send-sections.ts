import type { Carried } from './link.js';
import type { Encodings } from './send-section.js';
import { SendSection } from './send-section.js';

export type Kind = 'audio' | 'video';

/** The sendonly sections of one connection, one per publication; those of ended publications are used again where that can be. */
export class SendSections {
  readonly #pc: RTCPeerConnection;
  readonly #sections = new Map<string, SendSection>();
  #idle: SendSection[] = [];
  #refreshing = false;

  constructor(pc: RTCPeerConnection) {
    this.#pc = pc;
  }

  get ids(): string[] {
    return [...this.#sections.keys()];
  }

  get size(): number {
    return this.#sections.size;
  }

  *carried(): Iterable<Carried> {
    for (const [publication, { transceiver }] of this.#sections)
      yield { publication, direction: 'send', section: transceiver };
  }

  has(id: string): boolean {
    return this.#sections.has(id);
  }

  /** An offer has to follow. `track` null: the section sends nothing for now. */
  add(id: string, kind: Kind, track: MediaStreamTrack | null, encodings: Encodings = []): void {
    for (const { spent, transceiver } of this.#idle) if (spent) transceiver.stop();
    this.#idle = this.#idle.filter(({ spent }) => !spent);
    const index = this.#idle.findIndex((section) => section.fits(kind, encodings));
    const [idle] = index < 0 ? [] : this.#idle.splice(index, 1);
    idle?.use(track, encodings);
    this.#sections.set(id, idle ?? new SendSection(this.#pc, kind, track, encodings));
  }

  /** An offer has to follow. */
  remove(id: string): void {
    const section = this.#sections.get(id);
    if (!section) return;
    this.#sections.delete(id);
    section.rest();
    this.#idle.push(section);
  }

  /** Needs no offer. */
  async replace(id: string, track: MediaStreamTrack | null, encodings?: Encodings): Promise<void> {
    await this.#sections.get(id)?.replace(track, encodings);
  }

  /** Nobody watches other encodings than these. Needs no offer. */
  setWatched(id: string, rids: readonly string[]): void {
    this.#sections.get(id)?.setWatched(rids);
  }

  /** After an answer: Chromium makes active again what was so when the offer was written. */
  settle(): void {
    for (const section of this.#sections.values()) section.settle();
  }

  /** Pictures begin anew, with a key frame: what was lost on the way nobody repeats. */
  async refresh(): Promise<void> {
    if (this.#refreshing) return;
    this.#refreshing = true;
    await Promise.allSettled([...this.#sections.values()].map((section) => section.refresh()));
    this.#refreshing = false;
  }

  /**
   * Which section carries which publication now. Take it before the description is made, and read the mids after: a section that is
   * added in between is not in that description.
   */
  snapshot(): () => Record<string, string> {
    const sections = [...this.#sections];
    return () => {
      const mids: Record<string, string> = {};
      for (const [id, { transceiver }] of sections) if (transceiver.mid !== null) mids[transceiver.mid] = id;
      return mids;
    };
  }
}
