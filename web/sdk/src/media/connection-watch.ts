import type { Clock } from '../common/clock.js';
import { ClockedTimeouts } from '../common/clock.js';

/** `trouble`: it was connected, and may come back by itself or by an ICE restart. */
export type LinkState = 'connecting' | 'connected' | 'trouble' | 'dead';

const DEAD_MS = 10_000;
/** Many interruptions heal by themselves: the restart waits a moment. */
const RESTART_MS = 1500;

export interface WatchOptions {
  /** Whether an ICE that failed in spite of a restart is the end (a direct road has the server to fall back on) or a reason for another. */
  failFast: boolean;
  restart(): void;
  changed(state: LinkState): void;
}

/** Follows one RTCPeerConnection: connected within 10 s, an ICE restart in trouble, dead after 10 s of it. */
export class ConnectionWatch {
  readonly #pc: RTCPeerConnection;
  readonly #timers: ClockedTimeouts;
  readonly #options: WatchOptions;
  #state: LinkState = 'connecting';
  /** Since it was connected last. */
  #restarted = false;
  // The browser may keep a closed connection for long: a listener left on it would keep the whole room with it.
  readonly #listening = new AbortController();

  constructor(pc: RTCPeerConnection, clock: Clock, options: WatchOptions) {
    this.#pc = pc;
    this.#timers = new ClockedTimeouts(clock);
    this.#options = options;
    pc.addEventListener('connectionstatechange', () => this.#update(), { signal: this.#listening.signal });
  }

  get state(): LinkState {
    return this.#state;
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
  }

  #update(): void {
    switch (this.#pc.connectionState) {
      case 'connected':
        this.#timers.clearAll();
        this.#restarted = false;
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

  #trouble(restartIn: number): void {
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
    if (state === 'dead') this.#timers.clearAll();
    this.#options.changed(state);
  }
}
