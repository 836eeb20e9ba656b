import { abortable, RoomError } from '../common/room-error.js';
import { Receiver } from '../media/receiver.js';
import type { Prefer, Publication as WirePublication } from '../wire/generated.js';
import type { CallOptions, RoomContext } from './context.js';
import type { Participant } from './participant.js';
import type { Kind, PublicationSnapshot, Source } from './room-events.js';
import { watchSight } from './sight.js';

/** Which layer of a video to receive, where there are several. */
export type Quality = NonNullable<Prefer['layer']>;

/** How a video is shown, so that no more is sent than is seen. Sizes in device pixels. */
export interface Preference {
  visible?: boolean;
  width?: number;
  height?: number;
  quality?: Quality;
}

/** A track that somebody else sends. The object stays the same while it is published, through every change of road and reconnection. */
export class Publication {
  readonly source: Source;
  readonly kind: Kind;
  readonly participant: Participant;
  readonly #room: RoomContext;
  readonly #receiver: Receiver;
  #id: string;
  #muted: boolean;
  #width: number;
  #height: number;
  #subscribed = false;
  #announced = false;
  #preference: Preference = {};
  #gone = false;
  #snapshot: PublicationSnapshot | null = null;

  /** @internal */
  constructor(wire: WirePublication, participant: Participant, room: RoomContext) {
    this.source = wire.source;
    this.kind = wire.kind;
    this.participant = participant;
    this.#room = room;
    this.#id = wire.id;
    this.#muted = wire.muted;
    this.#width = wire.width;
    this.#height = wire.height;
    this.#receiver = new Receiver(wire.kind, wire.muted, room.clock, participant.streamOf(wire.source));
    this.#receiver.addEventListener('change', ({ track }) => this.#handleTrack(track));
  }

  /** The server's; another one after the room was joined anew. */
  get id(): string {
    return this.#id;
  }

  get muted(): boolean {
    return this.#muted;
  }

  /** In pixels, as far as the sender has told; else 0. */
  get width(): number {
    return this.#width;
  }

  get height(): number {
    return this.#height;
  }

  get subscribed(): boolean {
    return this.#subscribed;
  }

  /** This track alone, and always the same object: set it as `srcObject` once. */
  get stream(): MediaStream {
    return this.#receiver.stream;
  }

  /** What comes now, or null. Changes with the road; `stream` does not. */
  get track(): MediaStreamTrack | null {
    return this.#receiver.track;
  }

  /** Immutable, and the same object until something changes. */
  get snapshot(): PublicationSnapshot {
    this.#snapshot ??= {
      id: this.#id,
      source: this.source,
      kind: this.kind,
      muted: this.#muted,
      width: this.#width,
      height: this.#height,
      track: this.track,
      stream: this.stream,
    };
    return this.#snapshot;
  }

  /**
   * Receives this track; resolves when it is there. Aborting `signal` unsubscribes, at any time.
   * Rejects with RoomError `not_allowed`, or `no_such_publication` when it ends before.
   */
  async subscribe(options: CallOptions & { quality?: Quality } = {}): Promise<MediaStreamTrack> {
    const { quality, signal } = options;
    signal?.throwIfAborted();
    signal?.addEventListener('abort', () => void this.unsubscribe().catch(() => undefined), { once: true });
    if (!this.#subscribed) {
      await this.#room.request({ type: 'subscribe', publication: this.#id }, { signal: signal ?? null });
      this.#receive();
    }
    if (quality) await this.prefer({ quality }, { signal: signal ?? null });
    return abortable(this.#arrival(), signal);
  }

  /** Stops receiving. */
  async unsubscribe(options: CallOptions = {}): Promise<void> {
    if (!this.#subscribed || this.#gone) return;
    this.#subscribed = false;
    this.#room.roads.drop(this.#id);
    this.#receiver.close();
    await this.#room.request({ type: 'unsubscribe', publication: this.#id }, options);
  }

  /** Tells how this video is shown. What is left out stays as it was told before. Rejects with RoomError. */
  async prefer(preference: Preference, options: CallOptions = {}): Promise<void> {
    this.#preference = { ...this.#preference, ...preference };
    this.#receiver.setHidden(this.#preference.visible === false);
    await this.#sendPreference(options);
  }

  /**
   * Tells by itself how this video is shown, from the size of an element and whether it is in view (`prefer`), until `signal` is aborted.
   * Nothing happens for audio.
   */
  follow(element: Element, options: CallOptions = {}): void {
    if (this.kind !== 'video') return;
    watchSight(element, this.#room.clock, options.signal ?? null, (seen) => {
      if (!this.#gone) this.prefer(seen).catch(() => undefined); // told again when the session is back
    });
  }

  /** For moderators: mutes it for everyone. Rejects with RoomError `not_allowed`. */
  async mute(options: CallOptions = {}): Promise<void> {
    await this.#room.request({ type: 'mute', publication: this.#id, muted: true }, options);
  }

  /** @internal After it was made known. */
  handleAdded(): void {
    if (this.#room.autoSubscribe && this.#room.can('subscribe')) this.#receive();
  }

  /** @internal */
  handleUpdated(wire: WirePublication): void {
    this.#muted = wire.muted;
    this.#width = wire.width;
    this.#height = wire.height;
    this.#receiver.setMuted(wire.muted);
    this.#changed();
  }

  /** @internal The room was joined anew, and the server calls it by another id. */
  handleRejoined(wire: WirePublication): void {
    this.#id = wire.id;
    const subscribed = this.#subscribed;
    this.handleUpdated(wire);
    if (!subscribed) return this.handleAdded();
    this.#receive();
    const failed = () => undefined; // the next thing that happens to the session cures it
    if (!this.#room.autoSubscribe) this.#room.request({ type: 'subscribe', publication: wire.id }).catch(failed);
    if (Object.keys(this.#preference).length > 0) this.#sendPreference({}).catch(failed);
  }

  /** @internal */
  handleRemoved(): void {
    this.#gone = true;
    this.#subscribed = false;
    this.#room.roads.drop(this.#id);
    this.#receiver.close();
    this.#receiver.dispatchEvent(new Event('gone'));
  }

  #receive(): void {
    this.#subscribed = true;
    this.#room.roads.receive(this.#id, this.#receiver);
  }

  async #sendPreference(options: CallOptions): Promise<void> {
    const { visible = true, width = 0, height = 0, quality = 'auto' } = this.#preference;
    const size = { width: Math.round(width), height: Math.round(height) };
    await this.#room.request({ type: 'prefer', publication: this.#id, visible, ...size, layer: quality }, options);
  }

  #arrival(): Promise<MediaStreamTrack> {
    if (this.track) return Promise.resolve(this.track);
    return new Promise((resolve, reject) => {
      const settle = () => {
        if (this.track) resolve(this.track);
        else if (this.#gone) reject(new RoomError('no_such_publication', 'It has ended.'));
        else return;
        this.#receiver.removeEventListener('change', settle);
      };
      this.#receiver.addEventListener('change', settle);
      EventTarget.prototype.addEventListener.call(this.#receiver, 'gone', settle, { once: true });
    });
  }

  #handleTrack(track: MediaStreamTrack | null): void {
    this.#changed();
    if (!track) this.#announced = false;
    else if (!this.#announced) {
      this.#announced = true;
      this.#room.handleTrack(this, this.participant);
    }
  }

  #changed(): void {
    this.#snapshot = null;
    this.participant.handleChanged();
    if (!this.#gone) this.#room.handlePublicationChanged(this);
  }
}
