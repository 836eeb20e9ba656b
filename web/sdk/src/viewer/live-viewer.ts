import type { Clock } from '../common/clock.js';
import { ClockedTimeouts, systemClock } from '../common/clock.js';
import { Emitter } from '../common/emitter.js';
import type { RoomError } from '../common/room-error.js';
import type { Environment, RoomOptions } from '../room/options.js';
import type { Publication, Quality } from '../room/publication.js';
import { Room } from '../room/room.js';
import type { Source } from '../room/room-events.js';
import { backoff } from '../signal/backoff.js';
import { Director } from './director.js';
import { Picture } from './picture.js';
import type { Reception } from './reception.js';
import { latencyBetween, readReception } from './reception.js';
import { Sounds } from './sounds.js';
import { watchShown } from './watch-shown.js';

export interface ViewerOptions extends Pick<RoomOptions, 'token' | 'server'> {
  /** How those in the room see this one. Default `Viewer`. */
  name?: string;
}

/**
 * `connecting`: not in the room yet, or again · `waiting`: nobody sends anything, or a moderator has to let one in · `live` ·
 * `buffering`: something is to be seen and does not come at the moment · `ended`: the room was ended, or this viewer closed ·
 * `error`: it did not work and will not by itself; see `error`.
 */
export type ViewerState = 'connecting' | 'waiting' | 'live' | 'buffering' | 'ended' | 'error';

/** Who or what is shown; where there is sound only, who is heard. */
export interface Shown {
  /** Id of the person. */
  readonly participant: string;
  /** Of the person. */
  readonly name: string;
  readonly source: Source;
}

/** An event only says that something changed: what is true stands in the viewer at any time. */
export interface ViewerEvents {
  statechange: { state: ViewerState; error: RoomError | null };
  /** How many people watch, this one included. */
  viewers: { count: number };
  shownchange: { shown: Shown | null };
  /**
   * The browser wants a gesture first: call `unmute()` in a click. `playing`: the picture runs already, without sound; else nothing plays.
   */
  needsgesture: { playing: boolean };
}

const MEASURE_MS = 1000;
/** A camera never rests this long by itself; a screen may. */
const STALLED_MS = 3000;

/**
 * Watches a room as a live stream: sees the screen that is shared, else who is in the spotlight, else who speaks, and hears everybody.
 * Uses no camera and no microphone. It connects at once, and comes back by itself after an interruption.
 * Close it with `close()` or by `await using`.
 */
export class LiveViewer extends Emitter<ViewerEvents> implements AsyncDisposable {
  readonly #address: string;
  readonly #options: ViewerOptions;
  readonly #environment: Environment;
  readonly #clock: Clock;
  readonly #timers: ClockedTimeouts;
  readonly #director = new Director();
  readonly #picture: Picture;
  readonly #sounds = new Sounds();
  #room: Room;
  #attempt = 0;
  #publications: readonly Publication[] = [];
  #state: ViewerState = 'connecting';
  #error: RoomError | null = null;
  #viewers = 0;
  #shown: Shown | null = null;
  #quality: Quality = 'auto';
  #latency: number | null = null;
  #measured: { track: MediaStreamTrack; reception: Reception; movedAt: number } | null = null;
  #stalled = false;
  #seen = true;
  #attached: { video: HTMLVideoElement; detach: AbortController; paused: boolean } | null = null;
  #needsGesture = false;

  /**
   * `address`: `/live/{room}` or `/r/{room}` of this server, a whole URL of that form, or the bare name of the room. Throws TypeError for
   * anything else. `environment` replaces parts of the browser, for tests.
   */
  constructor(address: string, options: ViewerOptions = {}, environment: Environment = {}) {
    super();
    this.#address = address;
    this.#options = options;
    this.#environment = environment;
    this.#clock = environment.clock ?? systemClock;
    this.#timers = new ClockedTimeouts(this.#clock);
    this.#picture = new Picture({
      clock: this.#clock,
      receiverOf: (track) => {
        const sections = this.#room.roads().sfu?.getTransceivers() ?? [];
        return sections.find(({ receiver }) => receiver.track === track)?.receiver;
      },
    });
    this.#picture.addEventListener('change', () => this.#handlePicture());
    this.#sounds.addEventListener('blocked', () => this.#block(false));
    this.#room = this.#enter();
    this.#measureAgain();
  }

  get state(): ViewerState {
    return this.#state;
  }

  /** Why the state is `error`, or why it is still `connecting`. */
  get error(): RoomError | null {
    return this.#error;
  }

  /** How many people watch, this one included; 0 before it is in the room. */
  get viewers(): number {
    return this.#viewers;
  }

  /** Null while there is nothing to see or hear. */
  get shown(): Shown | null {
    return this.#shown;
  }

  /**
   * What is seen and heard now left the server about so many seconds ago: half a round trip, and what the browser holds back to play
   * evenly. The way from the sender to the server is not in it, for only the sender could measure that. Null before it is known.
   */
  get latency(): number | null {
    return this.#latency;
  }

  /** Which layer to receive where the sender offers several; `auto` follows the size of the element and the network. */
  get quality(): Quality {
    return this.#quality;
  }

  set quality(quality: Quality) {
    this.#quality = quality;
    this.#picture.prefer({ quality });
  }

  /** Whether `unmute()` is waited for; see the event. */
  get needsGesture(): boolean {
    return this.#needsGesture;
  }

  /** What is shown, without sound; always the same object. `attach` is simpler. */
  get stream(): MediaStream {
    return this.#picture.stream;
  }

  /**
   * Plays in this element, and in no other any more, until `signal` is aborted. Its `muted`, `volume`, `pause()` and `play()` count for the
   * sound, too, though that does not come by the element. Where the browser allows no sound without a gesture, it plays muted and
   * `needsgesture` is fired. `muted` left out: as the element is.
   */
  attach(video: HTMLVideoElement, options: { muted?: boolean; signal?: AbortSignal | null } = {}): void {
    const { muted = video.muted, signal } = options;
    signal?.throwIfAborted();
    this.#detach();
    const attached = { video, detach: new AbortController(), paused: false };
    this.#attached = attached;
    const listen = { signal: attached.detach.signal };
    signal?.addEventListener('abort', () => this.#detach(), listen);
    video.addEventListener('volumechange', () => this.#listen(), listen);
    video.addEventListener('play', () => this.#setPaused(false), listen);
    video.addEventListener(
      'pause',
      () => {
        // A stream that loses its last track ends and so pauses the element: nobody wanted that.
        if (!video.ended) this.#setPaused(true);
      },
      listen,
    );
    watchShown(video, this.#clock, listen.signal, ({ visible, width, height }) => {
      this.#seen = visible;
      this.#picture.prefer({ visible, width, height });
    });
    video.playsInline = true;
    video.muted = muted;
    this.#feed();
    this.#listen();
    void this.#play();
  }

  /** Plays, and with sound. Call it in a click or a key press. */
  unmute(): void {
    const { video } = this.#attached ?? {};
    if (!video) return;
    video.muted = false;
    this.#setPaused(false);
    void this.#play();
  }

  /** Leaves the room and lets go of the element. Never rejects. */
  async close(): Promise<void> {
    if (!this.#over) this.#end('ended', null);
    this.#detach();
    await this.#room.leave();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #enter(): Room {
    const { name = 'Viewer', ...options } = this.#options;
    // By the server always: viewers don't learn each other's addresses, and speakers send once however many watch.
    const room = new Room(this.#address, { ...options, autoSubscribe: false, p2p: false }, this.#environment);
    room.subscribe(() => {
      if (room === this.#room) this.#update();
    });
    room.join({ name, role: 'viewer' }).then(
      () => {
        this.#attempt = 0;
      },
      () => undefined, // the room's state and reason tell
    );
    return room;
  }

  #update(): void {
    if (this.#over) return;
    const room = this.#room;
    if (room.state === 'closed') return this.#handleClosed(room.reason);
    const people = room.can('subscribe') ? [...room.participants.values()] : [];
    const here = people.flatMap(({ publications }) => [...publications.values()]);
    const known = this.#publications.filter((publication) => here.includes(publication));
    this.#publications = [...known, ...here.filter((publication) => !known.includes(publication))];
    this.#choose();
    this.#picture.refresh();
    this.#sounds.hear(this.#publications.filter(({ kind }) => kind === 'audio'));
    this.#count(room.info ? people.filter(({ role }) => role === 'viewer').length + 1 : 0);
    this.#setShown(this.#shownNow());
    const state = this.#stateNow();
    this.#setState(state, state === 'connecting' ? this.#error : null);
  }

  #choose(): void {
    const spotlight = this.#room.info?.spotlight ?? null;
    const scene = { publications: this.#publications, spotlight, speakers: this.#room.speakers };
    const { shown, again } = this.#director.choose(scene, this.#clock.now());
    this.#picture.show(shown);
    if (again === null) this.#timers.clear('again');
    else this.#timers.set('again', again, () => this.#update());
  }

  #handlePicture(): void {
    this.#feed();
    this.#stalled = false;
    if (this.#room.state !== 'closed') this.#update();
  }

  #count(count: number): void {
    if (count === this.#viewers) return;
    this.#viewers = count;
    this.emit('viewers', { count });
  }

  #setShown(shown: Shown | null): void {
    if (JSON.stringify(shown) === JSON.stringify(this.#shown)) return;
    this.#shown = shown;
    this.emit('shownchange', { shown });
  }

  #shownNow(): Shown | null {
    const heard = this.#publications.filter(({ kind, muted }) => kind === 'audio' && !muted);
    const loudest = this.#room.speakers[0]?.participant;
    const publication =
      this.#picture.publication ?? heard.find(({ participant }) => participant.id === loudest) ?? heard[0];
    if (!publication) return null;
    const { participant, source } = publication;
    return { participant: participant.id, name: participant.name, source };
  }

  #stateNow(): ViewerState {
    const { state } = this.#room;
    if (state === 'waiting') return 'waiting';
    if (state === 'reconnecting') return 'buffering';
    if (state !== 'connected') return 'connecting';
    const { publication, pending } = this.#picture;
    if (pending || this.#stalled || publication?.participant.connected === false) return 'buffering';
    return this.#shown ? 'live' : 'waiting';
  }

  #handleClosed(reason: RoomError | null): void {
    if (!reason?.retryable) return this.#end(!reason || reason.code === 'room_ended' ? 'ended' : 'error', reason);
    this.#clear();
    this.#attempt += 1;
    this.#setState('connecting', reason);
    this.#timers.set('retry', backoff(this.#attempt, this.#clock.random()), () => {
      this.#room = this.#enter();
    });
  }

  #end(state: 'ended' | 'error', error: RoomError | null): void {
    this.#timers.clearAll();
    this.#setState(state, error);
    this.#clear();
  }

  get #over(): boolean {
    return this.#state === 'ended' || this.#state === 'error';
  }

  #clear(): void {
    this.#publications = [];
    this.#picture.show(null);
    this.#sounds.hear([]);
    this.#latency = this.#measured = null;
    this.#setShown(null);
    this.#count(0);
  }

  #setState(state: ViewerState, error: RoomError | null): void {
    if (this.#state === state && this.#error === error) return;
    this.#state = state;
    this.#error = error;
    this.emit('statechange', { state, error });
  }

  #measureAgain(): void {
    this.#timers.set('measure', MEASURE_MS, () => {
      void this.#measure().finally(() => {
        if (!this.#over) this.#measureAgain();
      });
    });
  }

  async #measure(): Promise<void> {
    const { sfu } = this.#room.roads();
    const heard = this.#publications.find(({ kind, muted, track }) => kind === 'audio' && !muted && track);
    const track = this.#picture.track ?? heard?.track;
    const reception = sfu && track ? await readReception(sfu, track).catch(() => null) : null;
    const before = this.#measured?.track === track ? this.#measured : null;
    if (!track || !reception) {
      this.#measured = null;
      return;
    }
    const now = this.#clock.now();
    const moved = !before || reception.frames > before.reception.frames || !this.#seen;
    const movedAt = moved ? now : before.movedAt;
    if (before) this.#latency = latencyBetween(before.reception, reception) ?? this.#latency;
    this.#measured = { track, reception, movedAt };
    const stalled = this.#picture.publication?.source === 'camera' && now - movedAt >= STALLED_MS;
    if (stalled === this.#stalled) return;
    this.#stalled = stalled;
    this.#update();
  }

  #detach(): void {
    const attached = this.#attached;
    if (!attached) return;
    this.#attached = null;
    attached.detach.abort();
    attached.video.srcObject = null;
    this.#needsGesture = false;
    this.#listen();
  }

  /** Only with a track: a page whose `<video>` waits for its first picture counts as still loading. */
  #feed(): void {
    const { video, paused } = this.#attached ?? {};
    if (!video || !this.#picture.track) return;
    if (video.srcObject !== this.#picture.stream) video.srcObject = this.#picture.stream;
    // An element whose stream was without a track has stopped.
    if (!paused && video.paused) void this.#play();
  }

  #setPaused(paused: boolean): void {
    if (this.#attached) this.#attached.paused = paused;
    this.#listen();
  }

  /** The sound follows the element. */
  #listen(): void {
    const { video, paused } = this.#attached ?? {};
    if (video && !video.muted) this.#needsGesture = false;
    this.#sounds.set({ volume: video?.volume ?? 1, muted: video?.muted ?? true, paused: paused ?? true });
  }

  async #play(): Promise<void> {
    const { video } = this.#attached ?? {};
    if (!video) return;
    const { muted } = video;
    try {
      await video.play();
    } catch (error) {
      // Any other error: a later call took its place, or the element was taken out of the page.
      if (error instanceof DOMException && error.name === 'NotAllowedError') this.#block(muted);
    }
  }

  /** The browser refused to play, with sound or even `muted`. Without sound it may. */
  #block(muted: boolean): void {
    const { video } = this.#attached ?? {};
    if (!video || video.muted !== muted) return;
    if (!muted) {
      video.muted = true;
      void this.#play();
    }
    this.#needsGesture = true;
    this.emit('needsgesture', { playing: !muted });
  }
}
