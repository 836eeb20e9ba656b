import type { Clock } from '../common/clock.js';
import { ClockedTimeouts } from '../common/clock.js';
import type { Deferred } from '../common/deferred.js';
import { deferred } from '../common/deferred.js';
import type { RoomErrorCode } from '../common/room-error.js';
import { abortable, RoomError } from '../common/room-error.js';
import type { Part } from '../media/channel-message.js';
import { Assembler, address, dataOf, MESSAGE_MAX, payloadOf, read, split } from '../media/channel-message.js';
import type { ChannelKind } from '../media/link-channels.js';
import type { Roads } from '../media/roads.js';
import { Rate } from '../signal/rate.js';
import type { CallOptions } from './context.js';
import type { DataTopic, Topics } from './data.js';

/** After so long without a channel messages go by the socket. */
const FALL_BACK_MS = 3000;
/** What the server closed is opened again after a while. */
const REOPEN_MS = 2000;
const PING_MS = 5000;
/** Steps a second, a little below what the server takes. A message is one, and one more for each further 4 KiB. */
const PACE = 200;
const STEP = 4096;
/** Bytes that the browser is given before they left: more of what is lossy would only be late. */
const BROWSER_MAX: Record<ChannelKind, number> = { reliable: 262_144, lossy: 65_536 };
const LOSSY_MAX = 65_536;
const WAITING_MAX = 4_194_304;
const WRITABLE = 262_144;
/** What was sent by one road in this time goes by the next one, too, for it may still be under way. */
const AGAIN_MS = 8000;
const AGAIN_BYTES = 524_288;
/** Numbers of each sender that are remembered. */
const SEEN = 2048;
const PEOPLE = 256;

const PING = 1;
const PONG = 2;

export interface ChannelOptions {
  /**
   * By a data channel instead of the socket: `reliable` comes completely and in order while the connections stand, `lossy` at once or not at
   * all. Directly between two people where media goes so, else by the server. Everybody who is to hear it asks for the same one.
   */
  channel: ChannelKind;
  /** False: while there is no channel a message is not sent by the socket, after three seconds. Default true. */
  fallback?: boolean;
}

/** Messages about one thing by a data channel. */
export interface ChannelTopic<T = unknown> extends Omit<DataTopic<T>, 'send'> {
  /** How the next message goes: from page to page, by the server's media port, by the socket; null: none of these yet. */
  readonly road: 'direct' | 'sfu' | 'socket' | null;
  /** Bytes that have not left yet, of all topics of this channel. */
  readonly bufferedAmount: number;
  /**
   * Anything that JSON can tell, or bytes, to all others or `to` one. `reliable`: resolves when it is handed to the browser. `lossy`: it may be
   * left out where there is no room for it, and resolves at once. Rejects with RoomError `not_allowed` (without the right `data`), `too_large`
   * (over 256 KiB, `lossy` 64 KiB; 16 KiB by the socket), `too_many_messages` (4 MiB wait), `no_such_participant`, `unreachable` (no channel,
   * and `fallback` is false), `closed`; with TypeError for what JSON cannot tell.
   */
  send(data: T, options?: CallOptions & { to?: string | null }): Promise<void>;
  /** Resolves when there is room for more. */
  writable(options?: CallOptions): Promise<void>;
  /** Milliseconds to somebody who uses the same channel and back. Rejects with RoomError `unreachable` after five seconds. */
  latency(to: string, options?: CallOptions): Promise<number>;
}

interface Outgoing {
  parts: Uint8Array[];
  /** How many of them are sent. */
  next: number;
  to: readonly string[];
  data: unknown;
  /** By which it goes where there is no channel. */
  socket: DataTopic;
  bytes: number;
  at: number;
  fallback: boolean;
  sent: Deferred<void>;
}

interface Way {
  name: 'direct' | 'sfu';
  /** By whose page it is; one without a name for the server. */
  channels: readonly (readonly [string | null, RTCDataChannel])[];
}

export interface ChannelPorts {
  clock: Clock;
  roads: Roads;
  topics: Topics;
  allowed(): boolean;
  fault(error: RoomError): void;
}

/** Messages of a room on data channels: by which connection they go, and putting together what comes. */
export class Channels {
  readonly #ports: ChannelPorts;
  readonly #timers: ClockedTimeouts;
  readonly #used = new Set<ChannelKind>();
  readonly #rates: Record<ChannelKind, Rate>;
  readonly #assembler = new Assembler();
  readonly #seen = new Map<string, Set<number>>();
  readonly #pings = new Map<number, { at: number; answered: Deferred<number> }>();
  /** Since when there is no channel. */
  readonly #since = new Map<ChannelKind, number>();
  #number = Math.floor(Math.random() * 2 ** 32);
  #queue: Outgoing[] = [];
  #recent: Outgoing[] = [];
  #way: Way | null = null;
  #writable: [ChannelKind, Deferred<void>][] = [];
  /** Why the server is about to close a channel. */
  #notice: string | null = null;
  #closed = false;

  constructor(ports: ChannelPorts) {
    this.#ports = ports;
    this.#timers = new ClockedTimeouts(ports.clock);
    this.#rates = { reliable: new Rate(ports.clock), lossy: new Rate(ports.clock) };
    for (const rate of Object.values(this.#rates)) rate.set(PACE);
    ports.roads.addEventListener('channels', () => this.#look());
    ports.roads.addEventListener('message', ({ kind, bytes, peer }) => this.#receive(kind, bytes, peer));
    ports.roads.addEventListener('channelclosed', () => {
      const code = this.#notice;
      this.#notice = null;
      if (code)
        ports.fault(new RoomError(code as RoomErrorCode, 'The server closed the channel.', { retryable: true }));
      this.#timers.set('reopen', REOPEN_MS, () => this.#look());
    });
  }

  open<T>(name: string, { channel: kind, fallback = true }: ChannelOptions): ChannelTopic<T> {
    const heard = this.#ports.topics.open<T>(name);
    const socket = this.#ports.topics.open(name, { latest: kind === 'lossy' });
    this.#used.add(kind);
    this.#look();
    const channels = this;
    return {
      name,
      get road() {
        return channels.#find(kind)?.name ?? (channels.#waitedFor(kind) ? 'socket' : null);
      },
      get bufferedAmount() {
        return channels.#buffered(kind);
      },
      send: async (data, { to = null, signal = null } = {}) => {
        const payload = payloadOf(data);
        this.#check(payload.length, kind);
        const message: Outgoing = {
          parts: split(name, this.#next(), payload),
          next: 0,
          to: to === null ? [] : [to],
          data,
          socket,
          bytes: payload.length,
          at: 0,
          fallback,
          sent: deferred(),
        };
        if (kind === 'lossy') return this.#sendLossy(message, signal);
        this.#queue.push(message);
        this.#look();
        return abortable(message.sent.promise, signal);
      },
      messages: (options) => heard.messages(options),
      writable: ({ signal = null } = {}) => {
        const entry: [ChannelKind, Deferred<void>] = [kind, deferred()];
        this.#writable.push(entry);
        this.#look();
        return abortable(entry[1].promise, signal);
      },
      latency: (to, { signal = null } = {}) => abortable(this.#ping(kind, to), signal),
    };
  }

  handleClosed(): void {
    this.#closed = true;
    this.#timers.clearAll();
    const error = new RoomError('closed', 'The room is closed.');
    for (const { sent } of this.#queue.splice(0)) sent.reject(error);
    for (const { answered } of this.#pings.values()) answered.reject(error);
    for (const [, writable] of this.#writable.splice(0)) writable.reject(error);
  }

  #check(bytes: number, kind: ChannelKind): void {
    if (this.#closed) throw new RoomError('closed', 'Not in the room.');
    if (!this.#ports.allowed()) throw new RoomError('not_allowed', 'That takes the right data.');
    const most = kind === 'lossy' ? LOSSY_MAX : MESSAGE_MAX;
    if (bytes > most) throw new RoomError('too_large', `A message has ${most} bytes at most.`);
    if (kind === 'reliable' && this.#waiting() + bytes > WAITING_MAX)
      throw new RoomError('too_many_messages', 'Too much waits to be sent.', { retryable: true });
  }

  #next(): number {
    this.#number = (this.#number + 1) % 2 ** 32;
    return this.#number;
  }

  #find(kind: ChannelKind): Way | null {
    const { peers, sfu } = this.#ports.roads.channels();
    const direct = peers?.map(([id, link]) => [id, link?.ready(kind)] as const);
    if (direct?.length && direct.every(([, channel]) => channel))
      return { name: 'direct', channels: direct as [string, RTCDataChannel][] };
    const channel = sfu?.ready(kind);
    return channel ? { name: 'sfu', channels: [[null, channel]] } : null;
  }

  #waiting(): number {
    return this.#queue.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #buffered(kind: ChannelKind): number {
    const given = this.#find(kind)?.channels.map(([, { bufferedAmount }]) => bufferedAmount) ?? [];
    return Math.max(0, ...given) + (kind === 'reliable' ? this.#waiting() : 0);
  }

  #waitedFor(kind: ChannelKind): boolean {
    return this.#ports.clock.now() - (this.#since.get(kind) ?? Number.POSITIVE_INFINITY) >= FALL_BACK_MS;
  }

  /** Opens what is missing, and sends what waits. */
  #look(): void {
    if (this.#closed) return;
    for (const kind of this.#used) {
      const { peers, sfu } = this.#ports.roads.channels();
      for (const link of [sfu, ...(peers ?? []).map(([, link]) => link)]) link?.use(kind);
      if (this.#find(kind)) this.#since.delete(kind);
      else if (!this.#since.has(kind)) {
        this.#since.set(kind, this.#ports.clock.now());
        this.#timers.set(`since ${kind}`, FALL_BACK_MS, () => this.#look());
      }
    }
    this.#pump();
    this.#writable = this.#writable.filter(([kind, writable]) => {
      const most = kind === 'lossy' ? BROWSER_MAX.lossy / 2 : WRITABLE;
      const ready = (this.#find(kind) || this.#waitedFor(kind)) && this.#buffered(kind) < most;
      if (ready) writable.resolve();
      return !ready;
    });
  }

  #pump(): void {
    for (let first = this.#queue[0]; first; first = this.#queue[0]) {
      const way = this.#find('reliable');
      if (!way && !this.#waitedFor('reliable')) return;
      if (way && !sameWay(way, this.#way)) {
        this.#repeat(way);
        continue;
      }
      if (way && !this.#handOver(way, first)) return;
      this.#queue.shift();
      if (way) this.#remember(first);
      else fallBack(first).then(first.sent.resolve, first.sent.reject);
    }
  }

  /** What the road before may not have carried to its end goes first. */
  #repeat(way: Way): void {
    const [first] = this.#queue;
    if (first) first.next = 0;
    const since = this.#ports.clock.now() - AGAIN_MS;
    const again = this.#recent.filter(({ at }) => at > since);
    // Who has just come is not told what was said before.
    const known = this.#way?.channels.flatMap(([peer]) => peer ?? []) ?? [];
    for (const message of again) {
      message.next = 0;
      if (message.to.length === 0) message.to = known;
    }
    this.#recent = [];
    this.#queue.unshift(...again);
    this.#way = way;
  }

  /** False: not everything, for now. */
  #handOver(way: Way, message: Outgoing): boolean {
    for (; message.next < message.parts.length; message.next++) {
      const part = message.parts[message.next] as Uint8Array;
      if (way.channels.some(([, { bufferedAmount }]) => bufferedAmount > BROWSER_MAX.reliable)) return false;
      const wait = this.#rates.reliable.take(steps(part));
      if (wait > 0) {
        this.#timers.set('pace', wait, () => this.#look());
        return false;
      }
      this.#give(way, message.to, part);
    }
    if (way.name === 'direct' && message.to.some((id) => !way.channels.some(([peer]) => peer === id)))
      message.sent.reject(new RoomError('no_such_participant', `${message.to} is not here.`));
    message.sent.resolve();
    return true;
  }

  #give({ channels }: Way, to: readonly string[], part: Uint8Array): void {
    for (const [peer, channel] of channels)
      if (peer === null) channel.send(address(to, part));
      else if (to.length === 0 || to.includes(peer)) channel.send(address([], part));
  }

  #remember(message: Outgoing): void {
    if (!message.at) message.at = this.#ports.clock.now();
    this.#recent.push(message);
    let bytes = this.#recent.reduce((sum, it) => sum + it.bytes, 0);
    while (bytes > AGAIN_BYTES || this.#recent.length > PACE * 2) bytes -= this.#recent.shift()?.bytes ?? 0;
  }

  async #sendLossy(message: Outgoing, signal: AbortSignal | null): Promise<void> {
    const way = this.#find('lossy');
    if (!way) {
      this.#look();
      return this.#waitedFor('lossy') ? fallBack(message, signal) : undefined;
    }
    if (way.channels.some(([, { bufferedAmount }]) => bufferedAmount + message.bytes > BROWSER_MAX.lossy)) return;
    for (const part of message.parts) {
      if (this.#rates.lossy.take(steps(part)) > 0) return;
      this.#give(way, message.to, part);
    }
  }

  #receive(kind: ChannelKind, bytes: ArrayBuffer, peer: string | null): void {
    const part = read(bytes);
    if (!part || this.#closed) return;
    const from = peer ?? part.from;
    if (from === null) this.#notice = new TextDecoder().decode(part.payload);
    else if (part.topic === '') this.#control(kind, from, part);
    else this.#take(kind, from, part);
  }

  #take(kind: ChannelKind, from: string, part: Part): void {
    const payload = this.#assembler.add(`${kind} ${from}`, part, this.#ports.clock.now());
    if (!payload || (kind === 'reliable' && !this.#isNew(from, part.number))) return;
    const data = dataOf(payload);
    if (data !== undefined) this.#ports.topics.deliver(part.topic, { from, data });
  }

  #isNew(from: string, number: number): boolean {
    const seen = this.#seen.get(from) ?? new Set();
    if (seen.has(number)) return false;
    this.#seen.set(from, seen.add(number));
    forgetOldest(seen, SEEN);
    forgetOldest(this.#seen, PEOPLE);
    return true;
  }

  #ping(kind: ChannelKind, to: string): Promise<number> {
    const number = this.#next();
    const answered = deferred<number>();
    this.#pings.set(number, { at: this.#ports.clock.now(), answered });
    this.#timers.set(`ping ${number}`, PING_MS, () => {
      this.#pings.delete(number);
      answered.reject(new RoomError('unreachable', `${to} did not answer.`, { retryable: true }));
    });
    this.#say(kind, to, PING, number);
    return answered.promise;
  }

  #control(kind: ChannelKind, from: string, { number, payload }: Part): void {
    if (payload[0] === PING) return this.#say(kind, from, PONG, number);
    const ping = payload[0] === PONG && this.#pings.get(number);
    if (!ping) return;
    this.#pings.delete(number);
    this.#timers.clear(`ping ${number}`);
    ping.answered.resolve(this.#ports.clock.now() - ping.at);
  }

  #say(kind: ChannelKind, to: string, what: number, number: number): void {
    const way = this.#find(kind);
    const [part] = split('', number, Uint8Array.of(what));
    if (way && part && this.#rates[kind].take() === 0) this.#give(way, [to], part);
  }
}

async function fallBack({ socket, data, to, fallback }: Outgoing, signal: AbortSignal | null = null): Promise<void> {
  if (!fallback) throw new RoomError('unreachable', 'There is no data channel.', { retryable: true });
  await socket.send(data instanceof ArrayBuffer ? new Uint8Array(data) : data, { to: to[0] ?? null, signal });
}

const steps = ({ length }: Uint8Array): number => Math.ceil(length / STEP);

const sameWay = (one: Way, other: Way | null): boolean =>
  one.channels.length === other?.channels.length &&
  one.channels.every(([, channel], index) => channel === other.channels[index]?.[1]);

function forgetOldest(known: Set<number> | Map<string, unknown>, most: number): void {
  for (const oldest of known.keys()) {
    if (known.size <= most) return;
    known.delete(oldest as never);
  }
}
