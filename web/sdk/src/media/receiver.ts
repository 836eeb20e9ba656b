import type { Clock } from '../common/clock.js';
import { Emitter } from '../common/emitter.js';
import { exchangeTrack } from './exchange-track.js';
import { watchFirstMedia } from './first-media.js';
import type { Incoming, Mode } from './link.js';
import type { Kind } from './send-sections.js';

export interface ReceiverEvents {
  /** Another track is in the stream now, or none. */
  change: { track: MediaStreamTrack | null };
  /** Perhaps `ready` has changed. */
  progress: object;
}

/** One publication as one connection brings it. */
interface Way extends Incoming {
  key: string;
  mode: Mode;
  live: boolean;
  stop(): void;
}

/**
 * What is received of one publication, whatever way it comes. It owns one MediaStream for good; the track in it is exchanged when the
 * way that the topology wants has brought its first decoded frame.
 */
export class Receiver extends Emitter<ReceiverEvents> {
  readonly kind: Kind;
  /** The same object from the first to the last. */
  readonly stream = new MediaStream();
  readonly #streams: MediaStream[];
  readonly #clock: Clock;
  readonly #ways = new Map<string, Way>();
  #target: Mode | null = null;
  #current: Way | null = null;
  #muted: boolean;
  #hidden = false;

  /** `group`: a stream that shows this track among others (a person's picture and sound). */
  constructor(kind: Kind, muted: boolean, clock: Clock, group: MediaStream | null = null) {
    super();
    this.kind = kind;
    this.#muted = muted;
    this.#clock = clock;
    this.#streams = group ? [this.stream, group] : [this.stream];
  }

  get track(): MediaStreamTrack | null {
    return this.#current?.track ?? null;
  }

  /** Key of the connection that brings what is shown. */
  get key(): string | null {
    return this.#current?.key ?? null;
  }

  /**
   * Which road is to be shown as soon as it can. Once it is the only one (`committed`) the other falls silent: what came by it says
   * nothing about the next time.
   */
  setTarget(mode: Mode, committed: boolean): void {
    this.#target = mode;
    for (const way of this.#ways.values()) {
      if (committed && way.mode !== mode) Object.assign(way, { live: false, reused: true });
      this.#observe(way);
    }
    this.#choose();
  }

  /** A muted publication sends nothing, so nobody waits for it. */
  setMuted(muted: boolean): void {
    if (this.#muted === muted) return;
    this.#muted = muted;
    for (const way of this.#ways.values()) {
      this.#silence(way.track);
      this.#observe(way);
    }
    this.emit('progress', {});
  }

  /** On a direct road nobody else can enforce a moderator's mute: what is muted is not heard, whatever its owner sends. */
  #silence(track: MediaStreamTrack): void {
    if (track.kind === 'audio') track.enabled = !this.#muted;
  }

  /** Nor for one that is asked not to be sent because it is not seen. */
  setHidden(hidden: boolean): void {
    this.#hidden = hidden;
    this.emit('progress', {});
  }

  handleIncoming(key: string, mode: Mode, incoming: Incoming): void {
    const before = this.#ways.get(key);
    if (before?.track === incoming.track) return;
    before?.stop();
    const way: Way = { ...incoming, key, mode, live: false, stop: () => undefined };
    this.#ways.delete(key);
    this.#ways.set(key, way);
    this.#silence(way.track);
    this.#observe(way);
    this.#choose();
  }

  /** The connection does not bring it any more. */
  handleGone(key: string): void {
    const way = this.#ways.get(key);
    if (!way) return;
    way.stop();
    this.#ways.delete(key);
    this.#choose();
  }

  /** Whether all that is to be expected comes by that road. */
  ready(mode: Mode): boolean {
    if (this.#muted || this.#hidden) return true;
    return [...this.#ways.values()].some((way) => way.mode === mode && way.live);
  }

  close(): void {
    for (const way of this.#ways.values()) way.stop();
    this.#ways.clear();
    this.#choose();
  }

  #observe(way: Way): void {
    way.stop();
    if (way.live || this.#muted || way.mode !== this.#target) return;
    const live = () => {
      way.live = true;
      this.#choose();
      this.emit('progress', {});
    };
    if (!way.rtp) return live();
    way.stop = watchFirstMedia(way.rtp, this.kind, way.reused, this.#clock, live);
  }

  /** The newest live way by the wanted road; else what is shown already; else whatever there is. */
  #choose(): void {
    const newest = [...this.#ways.values()].reverse();
    const wanted = newest.filter((way) => way.mode === this.#target);
    const kept = newest.find((way) => way === this.#current);
    this.#show(wanted.find((way) => way.live) ?? kept ?? wanted[0] ?? newest[0] ?? null);
  }

  #show(way: Way | null): void {
    const old = this.track;
    this.#current = way;
    const track = this.track;
    if (track === old) return;
    exchangeTrack(this.#streams, old, track);
    this.emit('change', { track });
  }
}
