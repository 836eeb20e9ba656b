import { RoomError } from '../common/room-error.js';
import type { Participant as WireParticipant } from '../wire/generated.js';
import type { CallOptions, RoomContext } from './context.js';
import type { DisplayOptions, DisplayShare } from './display-share.js';
import type { EncodingOptions } from './encodings.js';
import type { LocalPublication } from './local-publication.js';
import type { ConnectionQuality, ParticipantSnapshot, Role, Source } from './room-events.js';
import type { ConnectionStatistics, StatisticsOptions } from './statistics.js';
import { qualityOf } from './statistics.js';

export interface PublishOptions extends CallOptions, EncodingOptions {
  /** Left out: `camera` or `microphone`, by the kind of the track. */
  source?: Source;
  /** Starts muted. */
  muted?: boolean;
}

/** Oneself. */
export class LocalParticipant {
  readonly #room: RoomContext;
  readonly #publications = new Set<LocalPublication>();
  /** What is about to be published. */
  readonly #opening = new Set<Source>();
  #wire: Pick<WireParticipant, 'id' | 'name' | 'role' | 'metadata' | 'hand'> | null = null;
  #quality: ConnectionQuality | null = null;
  #score: number | null = null;
  #snapshot: ParticipantSnapshot | null = null;

  /** @internal */
  constructor(room: RoomContext) {
    this.#room = room;
  }

  /** Empty before the room is joined. */
  get id(): string {
    return this.#wire?.id ?? '';
  }

  get name(): string {
    return this.#wire?.name ?? '';
  }

  get role(): Role {
    return this.#wire?.role ?? 'viewer';
  }

  /** One's place among the raised hands: the lowest was first; 0 while the hand is down. See `room.raiseHand`. */
  get hand(): number {
    return this.#wire?.hand ?? 0;
  }

  /** As the server says. Null where it does not know: one talks directly, or nothing goes or comes yet. See `connectionqualitychange`. */
  get connectionQuality(): ConnectionQuality | null {
    return this.#quality;
  }

  /** From 1 (bad) to 5 (excellent), as it was when `connectionQuality` changed. */
  get connectionScore(): number | null {
    return this.#score;
  }

  /** By id. */
  get publications(): ReadonlyMap<string, LocalPublication> {
    return new Map([...this.#publications].filter(({ id }) => id).map((publication) => [publication.id, publication]));
  }

  /** Immutable, and the same object until something changes. Null before the room is joined. */
  get snapshot(): ParticipantSnapshot | null {
    if (!this.#wire) return null;
    const { id, name, role, metadata, hand } = this.#wire;
    const publications = [...this.publications.values()].map((publication) => publication.snapshot);
    this.#snapshot ??= {
      id,
      name,
      role,
      connected: true,
      metadata,
      hand,
      connectionQuality: this.#quality,
      connectionScore: this.#score,
      local: true,
      publications,
    };
    return this.#snapshot;
  }

  publication(source: Source): LocalPublication | null {
    for (const publication of this.#publications) if (publication.source === source) return publication;
    return null;
  }

  /**
   * Sends a track to the room; one per source. Rejects with RoomError `not_allowed`, `already_published`, `too_many_publications`,
   * `closed`. The caller stays the owner of the track.
   */
  async publish(track: MediaStreamTrack, options: PublishOptions = {}): Promise<LocalPublication> {
    const { source = track.kind === 'audio' ? 'microphone' : 'camera', muted = false, signal = null } = options;
    signal?.throwIfAborted();
    if (this.publication(source) || this.#opening.has(source))
      throw new RoomError('already_published', `There is a ${source} already: use replace().`);
    const publication = await this.#open(track, source, muted, options);
    try {
      for (;;) {
        try {
          await publication.announce(signal);
          return publication;
        } catch (error) {
          if (!(error instanceof RoomError && error.code === 'session_gone')) throw error;
          await this.#room.untilConnected(signal);
          if (publication.id) return publication; // announced with the others
        }
      }
    } catch (error) {
      this.#publications.delete(publication);
      publication.handleRemoved();
      throw error;
    }
  }

  /**
   * Asks for a screen, window or tab and publishes it; null when the person closes the picker, which is no
   * error. Call it from a click.
   * The share owns its tracks: they are released when it ends, be it by `stop`, by the browser's own "stop sharing" (`publicationended`), by
   * aborting `signal` at any time, or with the room. Rejects with RoomError `unsupported`, `insecure`, or as `publish`.
   */
  async publishDisplay(options: DisplayOptions = {}): Promise<DisplayShare | null> {
    // Loaded when somebody shares: most pages never do.
    const { shareDisplay } = await import('./display-share.js');
    return shareDisplay(this, options);
  }

  /**
   * How one's connection does, as this page measures it, also in a direct call: a small part of `room.statistics`, which it shares the
   * measuring with. What the server says of it is `connectionQuality`.
   */
  quality(options: StatisticsOptions = {}): AsyncIterableIterator<ConnectionStatistics> {
    return this.#room.statistics.iterate(options, qualityOf);
  }

  /** Loaded when somebody has something to send: who only watches never does. */
  async #open(track: MediaStreamTrack, source: Source, muted: boolean, options: PublishOptions) {
    this.#opening.add(source);
    try {
      const { LocalPublication } = await import('./local-publication.js');
      options.signal?.throwIfAborted();
      const publication = new LocalPublication(track, source, muted, options, this, this.#room);
      this.#publications.add(publication);
      return publication;
    } finally {
      this.#opening.delete(source);
    }
  }

  /** @internal */
  handleJoined(wire: WireParticipant): void {
    const { id, name, role, metadata, hand } = wire;
    this.#wire = { id, name, role, metadata, hand };
    this.handleChanged();
  }

  /** @internal */
  handleUpdated(part: Partial<Pick<WireParticipant, 'name' | 'role' | 'metadata' | 'hand'>>): void {
    if (this.#wire) this.#wire = { ...this.#wire, ...part };
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

  /** @internal The room was joined anew: announces everything again. Returns the errors. */
  async handleRejoined(): Promise<unknown[]> {
    const errors: unknown[] = [];
    for (const publication of [...this.#publications].filter(({ id }) => id)) {
      try {
        await publication.announce();
      } catch (error) {
        if (error instanceof RoomError && error.code === 'session_gone') break; // there will be another time
        errors.push(error);
        publication.handleRemoved();
      }
    }
    return errors;
  }

  /** @internal */
  handleRemoved(publication: LocalPublication): void {
    this.#publications.delete(publication);
    this.handleChanged();
  }

  /** @internal */
  handleClosed(): void {
    for (const publication of [...this.#publications]) publication.handleRemoved();
  }

  /** @internal */
  handleChanged(): void {
    this.#snapshot = null;
    this.#room.changed();
  }
}
