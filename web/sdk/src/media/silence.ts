import type { Clock, TimerHandle } from '../common/clock.js';
import { number, readStats, selectedPair } from './stats.js';

/** How often a connection is looked at that brings something each time. */
const LOOK_MS = 500;
/** The look after one that found nothing new: with it, nothing has come for 0.75 to 1.25 s. */
const AGAIN_MS = 250;
/** Looks in a silence: its end is wanted soon, and browsers give up a connection that stays silent within seconds. */
const SILENT_MS = 100;
/** Only where something came so many looks in a row is silence out of the ordinary. */
const BUSY_LOOKS = 8;
/** Before another silence is told: it helped nobody to tell the last one. Doubles each time, and begins anew after twice the longest. */
const REST_FIRST_MS = 4000;
const REST_LAST_MS = 60_000;

export interface SilenceOptions {
  /** Whether the connection has anything to send: else nothing can be known of it, and it is not asked. */
  sends(): boolean;
  /** Nothing comes any more. */
  silent(): void;
  /** It was silent, and something comes again. */
  heard?(): void;
}

/**
 * Finds out that nothing comes by a connection any more, long before the browser does: libwebrtc asks a connection that works every 2.5 s,
 * and doubts it after 5 s without an answer.
 *
 * Who sends media gets answers: feedback by RTCP, every 50 to 250 ms where transport-wide congestion control is agreed on. So it is a silence
 * when we have sent something, and neither media, nor feedback, nor a STUN message has come for a second by a connection that brought
 * something all the time before. Who sends nothing cannot know: the others may have nothing to say.
 */
export class Silence {
  readonly #pc: RTCPeerConnection;
  readonly #clock: Clock;
  readonly #options: SilenceOptions;
  #timer: TimerHandle;
  #stopped = false;
  #silent = false;
  /** Looks in a row that found something new, and those that did not. */
  #busy = 0;
  #quiet = 0;
  /** What had been received and sent at the last look that found something new. */
  #received = 0;
  #sent = 0;
  #rest = REST_FIRST_MS;
  #told = Number.NEGATIVE_INFINITY;

  constructor(pc: RTCPeerConnection, clock: Clock, options: SilenceOptions) {
    this.#pc = pc;
    this.#clock = clock;
    this.#options = options;
    this.#wait(LOOK_MS);
  }

  get silent(): boolean {
    return this.#silent;
  }

  stop(): void {
    this.#stopped = true;
    this.#silent = false;
    this.#clock.clearTimeout(this.#timer);
  }

  #wait(ms: number): void {
    this.#timer = this.#clock.setTimeout(() => void this.#look(), ms);
  }

  async #look(): Promise<void> {
    const flow = this.#options.sends() ? await readFlow(this.#pc) : null;
    if (this.#stopped) return;
    if (!flow) this.#busy = this.#quiet = 0;
    else if (flow.received !== this.#received) this.#heard(flow);
    else this.#heardNothing(flow);
    if (!this.#stopped) this.#wait(this.#silent ? SILENT_MS : this.#quiet === 1 ? AGAIN_MS : LOOK_MS);
  }

  #heard({ received, sent }: Flow): void {
    this.#received = received;
    this.#sent = sent;
    this.#quiet = 0;
    this.#busy += 1;
    if (!this.#silent) return;
    this.#silent = false;
    this.#options.heard?.();
  }

  #heardNothing({ sent }: Flow): void {
    this.#quiet += 1;
    if (this.#quiet < 2) return;
    this.#silent ||= this.#busy >= BUSY_LOOKS && sent > this.#sent;
    this.#busy = 0;
    const since = this.#clock.now() - this.#told;
    if (!this.#silent || since < this.#rest) return;
    this.#rest = since > 2 * REST_LAST_MS ? REST_FIRST_MS : Math.min(2 * this.#rest, REST_LAST_MS);
    this.#told = this.#clock.now();
    this.#options.silent();
  }
}

interface Flow {
  /** Changes with everything that comes. */
  received: number;
  /** RTP packets. */
  sent: number;
}

/** Null where the connection is closing. Which counters there are, and what they count, differs between browsers. */
async function readFlow(pc: RTCPeerConnection): Promise<Flow | null> {
  const all = await readStats(pc);
  if (!all) return null;
  const pair = selectedPair(all);
  const flow = { received: 0, sent: 0 };
  for (const counter of ['bytesReceived', 'responsesReceived', 'requestsReceived'])
    flow.received += number(pair?.[counter]);
  for (const { type, packetsReceived, packetsSent } of all.values()) {
    if (type === 'inbound-rtp') flow.received += number(packetsReceived);
    if (type === 'outbound-rtp') flow.sent += number(packetsSent);
  }
  return flow;
}
