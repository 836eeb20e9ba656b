import { type LocalPublication, type Room, RoomError } from 'tertulia-client';
import type { DeviceProblem, OwnKind } from './own.ts';

export interface CaptureState {
  readonly state: 'off' | 'starting' | 'on' | 'failed';
  readonly problem: DeviceProblem | null;
  readonly track: MediaStreamTrack | null;
}

export interface CaptureHost {
  /** Opens the device; `fallback`: any one, because the chosen one has gone. Rejects with RoomError. */
  open(options: { fallback: boolean; signal: AbortSignal }): Promise<MediaStreamTrack>;
  changed(): void;
  /** The device has gone, and `track` stands in for it. */
  recovered(track: MediaStreamTrack): void;
  /** Another one was chosen and could not be opened; the one before goes on. */
  switchFailed(problem: DeviceProblem): void;
  /** A moderator has switched it off. */
  muted(): void;
}

const OFF: CaptureState = { state: 'off', problem: null, track: null };

/**
 * One's own camera or microphone. What is wished for is set at once; `#settle` carries it out, one step after the other, so that no
 * order of clicks, arrivals and failures leaves a device open that nobody wants, or opens one twice.
 */
export class Capture {
  readonly #kind: OwnKind;
  readonly #host: CaptureHost;
  #state = OFF;
  #wanted = false;
  /** The track is to be replaced by a newly opened one. */
  #stale: 'no' | 'switch' | 'same device' | 'lost' = 'no';
  #room: Room | null = null;
  #leaveRoom: AbortController | null = null;
  #opening: AbortController | null = null;
  #settling: Promise<void> | null = null;
  #again = false;

  constructor(kind: OwnKind, host: CaptureHost) {
    this.#kind = kind;
    this.#host = host;
  }

  get state(): CaptureState {
    return this.#state;
  }

  /** Whether it is on, or on the way to it. */
  get wanted(): boolean {
    return this.#wanted;
  }

  on(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#set({ state: 'starting', problem: null });
    void this.#settle();
  }

  off(): void {
    this.#wanted = false;
    this.#opening?.abort();
    this.#set({ state: 'off', problem: null });
    void this.#settle();
  }

  /** Opens anew what is open: another device was chosen, or (`same device`) other settings. */
  reopen(how: 'switch' | 'same device' = 'switch'): void {
    if (!this.#state.track && !this.#wanted) return;
    this.#stale = how;
    this.#opening?.abort();
    void this.#settle();
  }

  /** From now on it is published there while it is on. Resolves when what is on already is. */
  enter(room: Room): Promise<void> {
    this.#leaveRoom?.abort();
    this.#leaveRoom = new AbortController();
    const { signal } = this.#leaveRoom;
    this.#room = room;
    room.addEventListener(
      'publicationchanged',
      ({ publication }) => {
        // While one starts, a publication is muted until it is there; else it was a moderator.
        if (publication !== this.#publication || !publication.muted || this.#state.state !== 'on') return;
        this.off();
        this.#host.muted();
      },
      { signal },
    );
    room.addEventListener(
      'publicationremoved',
      ({ publication, participant }) => {
        if (participant === room.local && publication.source === this.#kind && this.#state.state === 'on') this.off();
      },
      { signal },
    );
    room.addEventListener('rightschange', () => !this.#allowed && this.off(), { signal });
    room.addEventListener('statechange', ({ state }) => state === 'closed' && this.release(), { signal });
    return this.#settle();
  }

  /** Lets go of the device and of the room. */
  release(): void {
    this.#leaveRoom?.abort();
    this.#room = null;
    this.off();
  }

  get #publication(): LocalPublication | null {
    return this.#room?.local.publication(this.#kind) ?? null;
  }

  get #allowed(): boolean {
    return !this.#room || this.#room.can(`publish:${this.#kind}`);
  }

  #settle(): Promise<void> {
    this.#again = true;
    this.#settling ??= this.#untilSettled().finally(() => {
      this.#settling = null;
    });
    return this.#settling;
  }

  async #untilSettled(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      try {
        if (!this.#wanted || !this.#allowed) await this.#shut();
        else await this.#run();
      } catch (error) {
        await this.#fail(error);
      }
    }
  }

  async #shut(): Promise<void> {
    this.#wanted = false;
    const publication = this.#publication;
    const told = publication?.enabled ? publication.setEnabled(false) : null;
    // Only a stopped camera puts out its light. A microphone stays open in the call: opening takes a while, and the first word would be lost.
    const keep = this.#kind === 'microphone' && publication !== null && this.#allowed;
    if (!keep) this.#drop();
    else if (this.#stale !== 'no' && this.#state.track) await this.#renew();
    this.#stale = 'no';
    this.#set({ state: this.#state.state === 'failed' ? 'failed' : 'off' });
    await told;
  }

  async #run(): Promise<void> {
    if (!this.#state.track || this.#stale !== 'no') await this.#renew();
    const { track } = this.#state;
    // Much may have happened meanwhile; then there is another round.
    if (!track || !this.#wanted || !this.#allowed) return;
    await this.#publish(track);
    if (this.#wanted && this.#state.track === track) this.#set({ state: 'on', problem: null });
  }

  async #publish(track: MediaStreamTrack): Promise<void> {
    if (!this.#room) return;
    const publication = this.#publication;
    if (!publication) {
      await this.#room.local.publish(track, { source: this.#kind });
      return;
    }
    await publication.replace(track);
    await publication.setEnabled(true);
  }

  /** Opens the device and puts its track in the place of the one before. */
  async #renew(): Promise<void> {
    const stale = this.#stale;
    this.#stale = 'no';
    // The same microphone with other settings is a contradiction in some browsers, for as long as the first one runs.
    if (stale === 'same device') this.#drop();
    const before = this.#state.track;
    if (!before && this.#wanted) this.#set({ state: 'starting' });
    const opened = await this.#open(stale);
    if (!opened) return;
    if (!this.#wanted && !before) return opened.stop();
    this.#adopt(opened);
    const publication = this.#publication;
    if (publication) await publication.replace(opened);
    before?.stop();
    if (stale === 'lost') this.#host.recovered(opened);
  }

  /** Null: called back, or the one before goes on. */
  async #open(stale: 'no' | 'switch' | 'same device' | 'lost'): Promise<MediaStreamTrack | null> {
    const open = async () => {
      const abort = new AbortController();
      this.#opening = abort;
      try {
        return await this.#host.open({ fallback: stale === 'lost', signal: abort.signal });
      } catch (error) {
        if (abort.signal.aborted) return null;
        throw error;
      } finally {
        if (this.#opening === abort) this.#opening = null;
      }
    };
    try {
      return await open();
    } catch (error) {
      if (!this.#state.track) throw error;
      // Phones run one camera at a time.
      if (problemOf(error) === 'in-use') {
        this.#drop();
        return open();
      }
      this.#host.switchFailed(problemOf(error));
      return null;
    }
  }

  #adopt(track: MediaStreamTrack): void {
    track.addEventListener('ended', () => {
      if (this.#state.track !== track) return;
      this.#set({ track: null });
      if (!this.#wanted) return;
      this.#stale = 'lost';
      void this.#settle();
    });
    this.#set({ track });
  }

  #drop(): void {
    const { track } = this.#state;
    this.#set({ track: null });
    track?.stop();
  }

  async #fail(error: unknown): Promise<void> {
    // Called off meanwhile, or the room does not want it: then nothing is wrong with the device.
    const unwanted = !this.#wanted || (error instanceof RoomError && ROOM_ERRORS.has(error.code));
    this.#wanted = false;
    this.#stale = 'no';
    this.#drop();
    this.#set(unwanted ? { state: 'off', problem: null } : { state: 'failed', problem: problemOf(error) });
    const publication = this.#publication;
    if (publication?.enabled) await publication.setEnabled(false).catch(() => undefined);
  }

  #set(part: Partial<CaptureState>): void {
    this.#state = { ...this.#state, ...part };
    this.#host.changed();
  }
}

const ROOM_ERRORS = new Set<string>(['closed', 'not_allowed']);
const PROBLEMS = new Set<string>(['denied', 'no-device', 'in-use', 'insecure']);

function problemOf(error: unknown): DeviceProblem {
  const code = error instanceof RoomError ? error.code : '';
  return PROBLEMS.has(code) ? (code as DeviceProblem) : 'failed';
}
