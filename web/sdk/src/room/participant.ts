import { RoomError } from '../common/room-error.js';
import type {
  ParticipantUpdated,
  Participant as WireParticipant,
  Publication as WirePublication,
} from '../wire/generated.js';
import type { CallOptions, RoomContext } from './context.js';
import { Publication } from './publication.js';
import type { ConnectionQuality, ParticipantSnapshot, Role, Source } from './room-events.js';

/** Somebody else in the room. */
export class Participant {
  readonly id: string;
  readonly #room: RoomContext;
  readonly #publications = new Map<string, Publication>();
  readonly #person = new MediaStream();
  readonly #screen = new MediaStream();
  #wire: Pick<WireParticipant, 'name' | 'role' | 'connected' | 'metadata' | 'hand'>;
  #quality: ConnectionQuality | null = null;
  #score: number | null = null;
  #snapshot: ParticipantSnapshot | null = null;

  /** @internal */
  constructor(wire: WireParticipant, room: RoomContext) {
    this.id = wire.id;
    this.#wire = wire;
    this.#room = room;
  }

  get name(): string {
    return this.#wire.name;
  }

  get role(): Role {
    return this.#wire.role;
  }

  /** False while they are trying to come back. */
  get connected(): boolean {
    return this.#wire.connected;
  }

  /** Whatever they gave to `join`. */
  get metadata(): string {
    return this.#wire.metadata;
  }

  /** Their place among the raised hands: the lowest was first; 0 while the hand is down. */
  get hand(): number {
    return this.#wire.hand;
  }

  /** As the server says. Null where it does not know: they talk directly, or nothing goes or comes yet. See `connectionqualitychange`. */
  get connectionQuality(): ConnectionQuality | null {
    return this.#quality;
  }

  /** From 1 (bad) to 5 (excellent), as it was when `connectionQuality` changed. */
  get connectionScore(): number | null {
    return this.#score;
  }

  /** By id. */
  get publications(): ReadonlyMap<string, Publication> {
    return this.#publications;
  }

  /** Immutable, and the same object until something changes. */
  get snapshot(): ParticipantSnapshot {
    this.#snapshot ??= {
      id: this.id,
      name: this.name,
      role: this.role,
      connected: this.connected,
      metadata: this.metadata,
      hand: this.hand,
      connectionQuality: this.#quality,
      connectionScore: this.#score,
      local: false,
      publications: [...this.#publications.values()].map((publication) => publication.snapshot),
    };
    return this.#snapshot;
  }

  publication(source: Source): Publication | null {
    for (const publication of this.#publications.values()) if (publication.source === source) return publication;
    return null;
  }

  /** The stream that `track` events bring: camera and microphone together, or screen and its sound. */
  streamOf(source: Source): MediaStream {
    return source === 'camera' || source === 'microphone' ? this.#person : this.#screen;
  }

  /** For moderators. Rejects with RoomError `not_allowed`, `no_such_publication`. */
  async mute(source: Source, options: CallOptions = {}): Promise<void> {
    const publication = this.publication(source);
    if (!publication) throw new RoomError('no_such_publication', `${this.name} publishes no ${source}.`);
    await publication.mute(options);
  }

  /**
   * For moderators: asks them to turn on their `microphone` or `camera`; they get `unmuteasked`, and doing so is up to them.
   * Rejects with RoomError `not_allowed`, `invalid`.
   */
  async askUnmute(source: Source, options: CallOptions = {}): Promise<void> {
    await this.#room.request({ type: 'ask_unmute', participant: this.id, source }, options);
  }

  /** For moderators: takes their raised hand down. */
  async lowerHand(options: CallOptions = {}): Promise<void> {
    await this.#room.request({ type: 'hand', raised: false, participant: this.id }, options);
  }

  /** For moderators: takes them out of the room. */
  async remove(options: CallOptions & { reason?: string } = {}): Promise<void> {
    const { reason = '', ...rest } = options;
    await this.#room.request({ type: 'remove', participant: this.id, reason }, rest);
  }

  /** For moderators. */
  async setRole(role: Role, options: CallOptions = {}): Promise<void> {
    await this.#room.request({ type: 'set_role', participant: this.id, role }, options);
  }

  /** @internal */
  handleUpdated(wire: ParticipantUpdated | WireParticipant): void {
    const { name, role, connected, metadata, hand } = wire;
    this.#wire = { name, role, connected, metadata, hand };
    this.handleChanged();
  }

  /** @internal Returns whether it is another one. */
  handleRated(quality: ConnectionQuality | null, score: number | null): boolean {
    const changed = quality !== this.#quality;
    this.#quality = quality;
    this.#score = score;
    this.handleChanged();
    return changed;
  }

  /** @internal */
  handlePublicationAdded(wire: WirePublication): Publication {
    const publication = new Publication(wire, this, this.#room);
    this.#publications.set(wire.id, publication);
    this.handleChanged();
    return publication;
  }

  /** @internal Returns what was removed. */
  handlePublicationRemoved(id: string): Publication | null {
    const publication = this.#publications.get(id);
    if (!publication) return null;
    this.#publications.delete(id);
    publication.handleRemoved();
    this.handleChanged();
    return publication;
  }

  /** @internal The room was joined anew: what they still publish keeps its object. Returns what came and what went. */
  handleRejoined(wire: WireParticipant): { added: Publication[]; removed: Publication[] } {
    this.handleUpdated(wire);
    const before = [...this.#publications.values()];
    this.#publications.clear();
    const added: Publication[] = [];
    for (const part of wire.publications) {
      const same = before.find(({ source, kind }) => source === part.source && kind === part.kind);
      if (!same) {
        added.push(this.handlePublicationAdded(part));
        continue;
      }
      before.splice(before.indexOf(same), 1);
      this.#publications.set(part.id, same);
      same.handleRejoined(part);
    }
    for (const publication of before) publication.handleRemoved();
    return { added, removed: before };
  }

  /** @internal */
  handleChanged(): void {
    this.#snapshot = null;
    this.#room.changed();
  }
}
