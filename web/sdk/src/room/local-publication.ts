import { abortable, RoomError } from '../common/room-error.js';
import { exchangeTrack } from '../media/exchange-track.js';
import type { Encodings } from '../media/send-section.js';
import type { Publication as WirePublication } from '../wire/generated.js';
import type { CallOptions, RoomContext } from './context.js';
import type { EncodingOptions } from './encodings.js';
import { encodingsOf } from './encodings.js';
import type { LocalParticipant } from './local-participant.js';
import type { Kind, PublicationSnapshot, Source } from './room-events.js';

/** A track that one sends oneself. The object outlives roads, reconnections and joining anew. */
export class LocalPublication {
  readonly source: Source;
  readonly kind: Kind;
  readonly participant: LocalParticipant;
  /** For a preview; always the same object. */
  readonly stream = new MediaStream();
  readonly #room: RoomContext;
  readonly #options: EncodingOptions;
  #id = '';
  #track: MediaStreamTrack;
  #muted: boolean;
  #gone = false;
  #onRemoved: (() => void) | null = null;
  #snapshot: PublicationSnapshot | null = null;
  readonly #onEnded = () => {
    this.#room.handleLocalEnded(this);
    // The browser's own "stop sharing" means it; a camera that was unplugged may be replaced.
    if (this.source === 'screen' || this.source === 'screen_audio') void this.unpublish().catch(() => undefined);
    else this.#changed();
  };

  /** @internal */
  constructor(
    track: MediaStreamTrack,
    source: Source,
    muted: boolean,
    options: EncodingOptions,
    participant: LocalParticipant,
    room: RoomContext,
  ) {
    this.#options = options;
    this.kind = track.kind as Kind;
    this.source = source;
    this.participant = participant;
    this.#room = room;
    this.#muted = muted;
    this.#track = track;
    this.#adopt(track, null);
  }

  /** The server's; another one after the room was joined anew. */
  get id(): string {
    return this.#id;
  }

  get track(): MediaStreamTrack {
    return this.#track;
  }

  get muted(): boolean {
    return this.#muted;
  }

  get enabled(): boolean {
    return !this.#muted;
  }

  /** The device has gone, or the share was stopped: `replace` it or `unpublish`. */
  get ended(): boolean {
    return this.#track.readyState === 'ended';
  }

  /** Immutable, and the same object until something changes. */
  get snapshot(): PublicationSnapshot {
    this.#snapshot ??= {
      id: this.#id,
      source: this.source,
      kind: this.kind,
      muted: this.#muted,
      ...this.#size(),
      track: this.#track,
      stream: this.stream,
    };
    return this.#snapshot;
  }

  /**
   * Mutes or unmutes: tells the others, and stops sending. A microphone sends silence, a video nothing; the device stays open.
   * Rejects with RoomError; then it is as before.
   */
  async setEnabled(enabled: boolean, options: CallOptions = {}): Promise<void> {
    if (this.#muted === !enabled || this.#gone) return;
    await this.#setMuted(!enabled);
    try {
      await this.#room.request({ type: 'mute', publication: this.#id, muted: !enabled }, options);
    } catch (error) {
      // After a lost session the publication is announced anew, as it is now.
      if (error instanceof RoomError && !error.retryable) await this.#setMuted(enabled);
      if (!(error instanceof RoomError && error.code === 'session_gone')) throw error;
    }
  }

  /** Sends another track of the same kind (another camera) without a break. The track before is not stopped. */
  async replace(track: MediaStreamTrack, options: CallOptions = {}): Promise<void> {
    if (track.kind !== this.kind) throw new TypeError(`Replace it by a ${this.kind} track.`);
    options.signal?.throwIfAborted();
    const old = this.#track;
    if (track === old) return;
    old.removeEventListener('ended', this.#onEnded);
    this.#track = track;
    this.#adopt(track, old);
    this.#changed();
    await abortable(this.#room.roads.replace(this.#id, ...this.#sent()), options.signal);
  }

  /** Ends the publication; the track goes on for its owner, who stops it. */
  async unpublish(options: CallOptions = {}): Promise<void> {
    if (this.#gone) return;
    this.handleRemoved();
    if (!this.#id) return; // `announce` sees to it
    try {
      await this.#room.request({ type: 'unpublish', publication: this.#id }, options);
    } catch (error) {
      if (!(error instanceof RoomError)) throw error; // without a session there is nothing to end
    }
  }

  /** @internal Announces it; also anew in another session. Rejects with RoomError. */
  async announce(signal?: AbortSignal | null): Promise<void> {
    const { width, height } = this.#size();
    const reply = this.#room.request({
      type: 'publish',
      source: this.source,
      kind: this.kind,
      muted: this.#muted,
      width,
      height,
    });
    const muted = this.#muted;
    try {
      const { publication } = await abortable(reply, signal);
      this.#id = publication.id;
    } catch (error) {
      // Too late to call the request back: undo it when it has been carried out.
      if (signal?.aborted)
        reply
          .then(({ publication }) => this.#room.request({ type: 'unpublish', publication: publication.id }))
          .catch(() => undefined);
      throw error;
    }
    if (this.#gone) {
      // It ended, or the room was left, while the server was asked.
      await this.#room.request({ type: 'unpublish', publication: this.#id });
      throw new RoomError('no_such_publication', `The ${this.source} ended before it was published.`);
    }
    this.#room.roads.publish(this.#id, this.kind, ...this.#sent());
    if (muted !== this.#muted) await this.#room.request({ type: 'mute', publication: this.#id, muted: this.#muted });
    this.#changed();
  }

  /** @internal A moderator muted it, or the server tells of our own change. */
  handleUpdated(wire: WirePublication, byOther: boolean): void {
    if (byOther && wire.muted) void this.#setMuted(true);
  }

  /** @internal Calls `listener` once when this is published no more, whoever ended it. */
  onRemoved(listener: () => void): void {
    if (this.#gone) listener();
    else this.#onRemoved = listener;
  }

  /** @internal */
  handleRemoved(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#track.removeEventListener('ended', this.#onEnded);
    this.#room.roads.unpublish(this.#id);
    this.participant.handleRemoved(this);
    this.#room.handleLocalRemoved(this);
    this.#onRemoved?.();
  }

  #adopt(track: MediaStreamTrack, before: MediaStreamTrack | null): void {
    track.addEventListener('ended', this.#onEnded);
    if (this.kind === 'audio') track.enabled = !this.#muted;
    if (this.source === 'screen' && !track.contentHint) track.contentHint = 'detail';
    exchangeTrack([this.stream], before, track);
  }

  /** What is sent, and how. A muted video sends nothing at all; muted audio goes on as silence, so that unmuting is instant. */
  #sent(): [MediaStreamTrack | null, Encodings] {
    const isVideo = this.kind === 'video';
    return [
      this.#muted && isVideo ? null : this.#track,
      isVideo ? encodingsOf(this.source, this.#size(), this.#options) : [],
    ];
  }

  async #setMuted(muted: boolean): Promise<void> {
    this.#muted = muted;
    if (this.kind === 'audio') this.#track.enabled = !muted;
    this.#changed();
    await this.#room.roads.replace(this.#id, ...this.#sent());
  }

  #size(): { width: number; height: number } {
    const { width = 0, height = 0 } = this.#track.getSettings?.() ?? {};
    return { width: Math.round(width), height: Math.round(height) };
  }

  #changed(): void {
    this.#snapshot = null;
    this.participant.handleChanged();
    if (!this.#gone) this.#room.handlePublicationChanged(this);
  }
}
