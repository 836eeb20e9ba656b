import type { Carried } from './link.js';

export type Kind = 'audio' | 'video';

/** The sendonly sections of one connection, one per publication; those of ended publications are used again. */
export class SendSections {
  readonly #pc: RTCPeerConnection;
  readonly #sections = new Map<string, RTCRtpTransceiver>();
  readonly #idle: RTCRtpTransceiver[] = [];
  #refreshing = false;

  constructor(pc: RTCPeerConnection) {
    this.#pc = pc;
  }

  get ids(): string[] {
    return [...this.#sections.keys()];
  }

  *carried(): Iterable<Carried> {
    for (const [publication, section] of this.#sections) yield { publication, direction: 'send', section };
  }

  has(id: string): boolean {
    return this.#sections.has(id);
  }

  /** An offer has to follow. `track` null: the section sends nothing for now. */
  add(id: string, kind: Kind, track: MediaStreamTrack | null): void {
    const index = this.#idle.findIndex((section) => section.receiver.track.kind === kind);
    const [idle] = index < 0 ? [] : this.#idle.splice(index, 1);
    if (idle) {
      idle.direction = 'sendonly';
      void replace(idle, track);
    }
    this.#sections.set(id, idle ?? this.#pc.addTransceiver(track ?? kind, { direction: 'sendonly' }));
  }

  /** An offer has to follow. */
  remove(id: string): void {
    const section = this.#sections.get(id);
    if (!section) return;
    this.#sections.delete(id);
    section.direction = 'inactive';
    void replace(section, null);
    this.#idle.push(section);
  }

  /** Needs no offer. */
  async replace(id: string, track: MediaStreamTrack | null): Promise<void> {
    const section = this.#sections.get(id);
    if (section) await replace(section, track);
  }

  /** Pictures begin anew, with a key frame: what was lost on the way nobody repeats. */
  async refresh(): Promise<void> {
    if (this.#refreshing) return;
    this.#refreshing = true;
    await Promise.allSettled([...this.#sections.values()].map(({ sender }) => refresh(sender)));
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
      for (const [id, section] of sections) if (section.mid !== null) mids[section.mid] = id;
      return mids;
    };
  }
}

/** The only way to a key frame that all browsers know. */
async function refresh(sender: RTCRtpSender): Promise<void> {
  if (sender.track?.kind !== 'video') return;
  for (const active of [false, true]) {
    const parameters = sender.getParameters();
    for (const encoding of parameters.encodings) encoding.active = active;
    await sender.setParameters(parameters);
  }
}

/** A closed connection refuses: then there is nothing to send anyway. */
async function replace(section: RTCRtpTransceiver, track: MediaStreamTrack | null): Promise<void> {
  try {
    await section.sender.replaceTrack(track);
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'InvalidStateError')) throw error;
  }
}
