import { firstSignal } from '../common/first-signal.js';
import { abortable, RoomError } from '../common/room-error.js';
import { Receiver } from '../media/receiver.js';
import type { Publication as WirePublication } from '../wire/generated.js';
import type { CallOptions, RoomContext } from './context.js';
import type { Participant } from './participant.js';
import type { Kind, PublicationSnapshot, Source } from './room-events.js';
import { watchSight } from './sight.js';

/** Which layer of a video to receive, where there are several. */
export type Quality = 'auto' | 'low' | 'medium' | 'high';

/** How a video is shown, so that no more is sent than is seen. Sizes in device pixels. */
export interface Preference {
  visible?: boolean;
  width?: number;
  height?: number;
  quality?: Quality;
  /** Chosen by hand: where the network does not carry everything, it comes before others. */
  pinned?: boolean;
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
  /** Aborted when it is not received any more; null while it is not. */
  #subscription: AbortController | null = null;
  readonly #end = new AbortController();
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
    return this.#subscription !== null;
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
   * Rejects with RoomError `not_allowed`, or `no_such_publication` when it ends, or is unsubscribed, before.
   */
  async subscribe(options: CallOptions & { quality?: Quality } = {}): Promise<MediaStreamTrack> {
    const { quality, signal = null } = options;
    signal?.throwIfAborted();
    const subscription = this.#subscription ?? (await this.#subscribe(signal));
    const stop = () => void this.unsubscribe().catch(() => undefined);
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true, signal: subscription.signal });
    if (quality) await this.prefer({ quality }, { signal });
    return abortable(this.#arrival(subscription.signal), signal);
  }

  /** Stops receiving. */
  async unsubscribe(options: CallOptions = {}): Promise<void> {
    if (!this.#subscription || this.#gone) return;
    this.#forget();
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
   * Tells by itself how this video is shown, from the size of an element and whether it is in view (`prefer`), until `signal` is aborted or
   * the publication ends. Nothing happens for audio.
   */
  follow(element: Element, options: CallOptions = {}): void {
    if (this.kind !== 'video') return;
    watchSight(element, this.#room.clock, firstSignal(options.signal, this.#end.signal), (seen) => {
      this.prefer(seen).catch(() => undefined); // told again when the session is back
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
    this.handleUpdated(wire);
    if (!this.#subscription) return this.handleAdded();
    this.#receive();
    const failed = () => undefined; // the next thing that happens to the session cures it
    if (!this.#room.autoSubscribe) this.#room.request({ type: 'subscribe', publication: wire.id }).catch(failed);
    if (Object.keys(this.#preference).length > 0) this.#sendPreference({}).catch(failed);
  }

  /** @internal */
  handleRemoved(): void {
    this.#gone = true;
    this.#forget();
    this.#end.abort();
  }

  async #subscribe(signal: AbortSignal | null): Promise<AbortController> {
    const publication = this.#id;
    try {
      await this.#room.request({ type: 'subscribe', publication }, { signal });
    } catch (error) {
      // It may have been carried out all the same.
      if (signal?.aborted) this.#room.request({ type: 'unsubscribe', publication }).catch(() => undefined);
      throw error;
    }
    return this.#receive();
  }

  #receive(): AbortController {
    this.#subscription ??= new AbortController();
    this.#room.roads.receive(this.#id, this.#receiver);
    return this.#subscription;
  }

  #forget(): void {
    this.#subscription?.abort();
    this.#subscription = null;
    this.#room.roads.drop(this.#id);
    this.#receiver.close();
  }

  async #sendPreference(options: CallOptions): Promise<void> {
    const { visible = true, width = 0, height = 0, quality = 'auto', pinned = false } = this.#preference;
    const shown = { visible, width: Math.round(width), height: Math.round(height), layer: quality, pinned };
    await this.#room.request({ type: 'prefer', publication: this.#id, ...shown }, options);
  }

  /** The track, when it comes before the subscription ends. */
  #arrival(subscription: AbortSignal): Promise<MediaStreamTrack> {
    if (this.track) return Promise.resolve(this.track);
    return new Promise((resolve, reject) => {
      const end = () => reject(new RoomError('no_such_publication', 'It ended before it came.'));
      if (subscription.aborted) return end();
      subscription.addEventListener('abort', end, { once: true });
      const settle = ({ track }: { track: MediaStreamTrack | null }) => track && resolve(track);
      this.#receiver.addEventListener('change', settle, { signal: subscription });
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
