import type { Clock } from '../common/clock.js';
import { ClockedTimeouts } from '../common/clock.js';
import { Emitter } from '../common/emitter.js';
import { exchangeTrack } from '../media/exchange-track.js';
import { watchFirstMedia } from '../media/first-media.js';
import type { Preference, Publication } from '../room/publication.js';

export interface PicturePorts {
  clock: Clock;
  receiverOf(track: MediaStreamTrack): RTCRtpReceiver | undefined;
}

/** One publication that is shown, or about to be. */
interface Take {
  publication: Publication;
  /** Its first picture has been decoded. */
  live: boolean;
  stop(): void;
}

/** A picture that does not come is cut to after this time all the same: what is shown then is no longer true. Milliseconds. */
const LONGEST_WAIT = 3000;

/**
 * One stream whose only track is what is shown now. Another publication is received beside the one before until its first picture is
 * decoded; only then are the tracks exchanged, so that a `<video>` goes from one to the other without a black frame.
 */
export class Picture extends Emitter<{ change: object }> {
  /** The same object from the first to the last. */
  readonly stream = new MediaStream();
  readonly #ports: PicturePorts;
  readonly #timers: ClockedTimeouts;
  #current: Take | null = null;
  #next: Take | null = null;
  #preference: Preference = {};

  constructor(ports: PicturePorts) {
    super();
    this.#ports = ports;
    this.#timers = new ClockedTimeouts(ports.clock);
  }

  /** What is shown. While the first one is being fetched there is none. */
  get publication(): Publication | null {
    return this.#current?.publication ?? null;
  }

  /** Something is to be shown and has not come yet. */
  get pending(): boolean {
    return this.#current ? !this.#current.live : this.#next !== null;
  }

  get track(): MediaStreamTrack | null {
    return this.stream.getVideoTracks()[0] ?? null;
  }

  show(publication: Publication | null): void {
    const wanted = this.#next ?? this.#current;
    if (publication === (wanted?.publication ?? null)) return;
    this.#setNext(null);
    if (publication === this.publication) return;
    if (!publication) return this.#cut(null);
    const take: Take = { publication, live: false, stop: () => undefined };
    this.#setNext(take);
    void this.#fetch(take);
  }

  /** The road of what is shown may have changed, and with it the track. */
  refresh(): void {
    if (this.#current) this.#put(this.#current.publication.track);
  }

  /** How the picture is looked at; counts for all that is shown from now on. */
  prefer(preference: Preference): void {
    this.#preference = { ...this.#preference, ...preference };
    for (const take of [this.#current, this.#next]) if (take?.publication.subscribed) this.#tell(take.publication);
  }

  async #fetch(take: Take): Promise<void> {
    const { publication } = take;
    let track: MediaStreamTrack;
    try {
      track = await publication.subscribe();
    } catch {
      // It has ended, or the session has: the room will tell, and then there is a choice again.
      if (this.#next === take) this.#next = null;
      return;
    }
    if (this.#next !== take) return this.#release(publication);
    this.#tell(publication);
    if (!this.#current) this.#cut(take);
    else this.#timers.set('cut', LONGEST_WAIT, () => this.#cut(take));
    const receiver = this.#ports.receiverOf(track);
    if (!receiver) return this.#handleLive(take);
    take.stop = watchFirstMedia(receiver, 'video', true, this.#ports.clock, () => this.#handleLive(take));
  }

  #handleLive(take: Take): void {
    take.live = true;
    if (this.#next === take) this.#cut(take);
    else this.emit('change', {});
  }

  #cut(take: Take | null): void {
    const old = this.#current;
    this.#timers.clear('cut');
    this.#current = take;
    this.#next = null;
    this.#put(take?.publication.track ?? null);
    old?.stop();
    if (old) this.#release(old.publication);
    this.emit('change', {});
  }

  #setNext(take: Take | null): void {
    const old = this.#next;
    this.#timers.clear('cut');
    this.#next = take;
    old?.stop();
    if (old) this.#release(old.publication);
  }

  #release(publication: Publication): void {
    if (this.#current?.publication === publication || this.#next?.publication === publication) return;
    publication.unsubscribe().catch(() => undefined); // with the session the subscription is gone, too
  }

  #tell(publication: Publication): void {
    publication.prefer(this.#preference).catch(() => undefined); // told again when the session is back
  }

  #put(track: MediaStreamTrack | null): void {
    const old = this.track;
    if (track === old) return;
    exchangeTrack([this.stream], old, track);
    this.emit('change', {});
  }
}
