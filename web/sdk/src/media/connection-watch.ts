import type { Clock } from '../common/clock.js';
import { ClockedTimeouts } from '../common/clock.js';
import type { Silence, SilenceOptions } from './silence.js';

/** `trouble`: it was connected, and may come back by itself or by an ICE restart. */
export type LinkState = 'connecting' | 'connected' | 'trouble' | 'dead';

const DEAD_MS = 10_000;
/** Many interruptions heal by themselves: the restart waits a moment. */
const RESTART_MS = 1500;

export interface WatchOptions extends SilenceOptions {
  /** Whether an ICE that failed in spite of a restart is the end (a direct road has the server to fall back on) or a reason for another. */
  failFast: boolean;
  restart(): void;
  changed(state: LinkState): void;
}

/** Follows one RTCPeerConnection: connected within 10 s, silent after one without a word, an ICE restart in trouble, dead after 10 s of it. */
export class ConnectionWatch {
  readonly #pc: RTCPeerConnection;
  readonly #clock: Clock;
  readonly #timers: ClockedTimeouts;
  readonly #options: WatchOptions;
  #state: LinkState = 'connecting';
  /** Since it was connected last. */
  #restarted = false;
  #silence: Silence | null = null;
  // The browser may keep a closed connection for long: a listener left on it would keep the whole room with it.
  readonly #listening = new AbortController();

  constructor(pc: RTCPeerConnection, clock: Clock, options: WatchOptions) {
    this.#pc = pc;
    this.#clock = clock;
    this.#timers = new ClockedTimeouts(clock);
    this.#options = options;
    pc.addEventListener('connectionstatechange', () => this.#update(), { signal: this.#listening.signal });
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Connected, but nothing comes any more. */
  get silent(): boolean {
    return this.#silence?.silent ?? false;
  }

  /** From now on it has to connect within 10 s. */
  start(): void {
    if (this.#state === 'connecting' && !this.#listening.signal.aborted) this.#expire();
  }

  /** The network is another one: an ICE restart at once, and all the time for it. */
  restart(): void {
    // Before the first answer there is nothing to restart: what was offered is on its way.
    if (!this.#pc.remoteDescription || this.#state === 'dead' || this.#listening.signal.aborted) return;
    if (this.#timers.has('dead')) this.#expire();
    this.#restart();
  }

  stop(): void {
    this.#listening.abort();
    this.#timers.clearAll();
    this.#deafen();
  }

  #update(): void {
    switch (this.#pc.connectionState) {
      case 'connected':
        this.#timers.clearAll();
        this.#restarted = false;
        this.#listen();
        return this.#set('connected');
      case 'disconnected':
        return this.#trouble(RESTART_MS);
      case 'failed':
        // A network that goes away takes all paths with it at once: the next one has not been tried yet.
        return this.#options.failFast && (this.#restarted || this.#state === 'connecting')
          ? this.#set('dead')
          : this.#trouble(0);
    }
  }

  /** Loaded when there is something to listen to: it is not what a page needs first. Where it cannot be loaded the browser notices later. */
  #listen(): void {
    const listen = ({ Silence }: typeof import('./silence.js')) => {
      if (this.#silence || this.#state !== 'connected' || this.#listening.signal.aborted) return;
      this.#silence = new Silence(this.#pc, this.#clock, this.#options);
    };
    import('./silence.js').then(listen, () => undefined);
  }

  #deafen(): void {
    this.#silence?.stop();
    this.#silence = null;
  }

  #trouble(restartIn: number): void {
    this.#deafen();
    if (!this.#timers.has('dead')) this.#expire();
    this.#timers.set('restart', restartIn, () => this.#restart());
    if (this.#state === 'connected') this.#set('trouble');
  }

  #restart(): void {
    this.#timers.clear('restart');
    this.#restarted = this.#state !== 'connected';
    this.#options.restart();
  }

  #expire(): void {
    this.#timers.set('dead', DEAD_MS, () => this.#set('dead'));
  }

  #set(state: LinkState): void {
    if (this.#state === state || this.#state === 'dead') return;
    this.#state = state;
    if (state === 'dead') {
      this.#timers.clearAll();
      this.#deafen();
    }
    this.#options.changed(state);
  }
}
