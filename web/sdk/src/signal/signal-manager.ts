import type { Clock } from '../common/clock.js';
import { ClockedTimeouts, systemClock } from '../common/clock.js';
import type { Deferred } from '../common/deferred.js';
import { deferred } from '../common/deferred.js';
import { Emitter } from '../common/emitter.js';
import { RoomError } from '../common/room-error.js';
import { encode } from '../wire/frames.js';
import type {
  Answered,
  Bye,
  ChatPage,
  Error as ErrorMessage,
  FileGranted,
  FileLinked,
  FilePage,
  Invited,
  Join,
  Joined,
  MediaChunk,
  MediaRead,
  Ok,
  Ping,
  Published,
  Resume,
  ServerMessage,
  Session,
  StateStored,
} from '../wire/generated.js';
import { SUBPROTOCOL } from '../wire/generated.js';
import { isServerMessage, parse } from '../wire/guards.js';
import { backoff } from './backoff.js';
import { Heartbeat } from './heartbeat.js';
import type { Request } from './pending-requests.js';
import { PendingRequests } from './pending-requests.js';
import { Rate } from './rate.js';
import type { ServerEvent, SignalEvents } from './signal-events.js';
import type { SignalSocket, SocketFactory, WakeUps } from './signal-socket.js';
import { discard, openWebSocket, pageWakeUps } from './signal-socket.js';
import { SpareSocket } from './spare-socket.js';

type WithoutId<T> = T extends Request ? Omit<T, 'id'> : never;
/** A request without its id. */
export type RequestBody = WithoutId<Exclude<Request, Join>>;
export type JoinBody = Omit<Join, 'id' | 'type'>;
interface Replies {
  join: Joined;
  publish: Published;
  invite: Invited;
  leave: Bye;
  offer: Answered | Ok;
  chat_history: ChatPage;
  state_set: StateStored;
  file_grant: FileGranted;
  file_list: FilePage;
  file_links: FileLinked;
}
export type ReplyTo<T extends string> = T extends keyof Replies ? Replies[T] : Ok;

export interface SignalOptions {
  url: string;
  clock?: Clock;
  createSocket?: SocketFactory;
  wakeUps?: WakeUps;
}

/** For opening a socket and for the first reply on it. */
const CONNECT_MS = 10_000;
/** While our own ghost still holds its place, joining anew is refused with `identity_taken`: for the grace time, not for ever. */
const GHOST_ATTEMPTS = 12;
/** So long after the first chunk of media that came unsaid the server is told how many there were. */
const READ_MS = 100;
/** Ends of a session after which joining anew is worth while. */
const COME_BACK: ReadonlySet<string> = new Set(['server_stopping', 'heartbeat_lost', 'internal', 'too_many_messages']);

type Phase = 'idle' | 'connecting' | 'open' | 'lost' | 'closed';

/** One session on the server over as many sockets as it takes. */
export class SignalManager extends Emitter<SignalEvents> {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #createSocket: SocketFactory;
  readonly #timers: ClockedTimeouts;
  readonly #heartbeat: Heartbeat;
  readonly #rate: Rate;
  #mostBytes = Number.POSITIVE_INFINITY;
  readonly #stopWakeUps: () => void;
  readonly #pending = new PendingRequests();
  #phase: Phase = 'idle';
  #socket: SignalSocket | null = null;
  #joinBody: (() => Promise<JoinBody>) | null = null;
  #joining: Deferred<Joined> | null = null;
  #leaving: (() => void) | null = null;
  #session: Session | null = null;
  #knocking = false;
  #joinedOnce = false;
  #lastSeq = 0;
  /** The last number at which a gap was seen: a second one there means that resuming does not cure it. */
  #gapAt = -1;
  #nextId = 1;
  /** Requests up to this id were put on the present socket, or are known to have arrived. */
  #sentUpTo = 0;
  #attempt = 0;
  /** Attempts that were made before the network came back: they say nothing about it now. */
  #forgiven = 0;
  /** Not null: whether the socket still lives is not known; true: for the network is another one. */
  #doubt: boolean | null = null;
  /** Chunks of media that came by the present socket. */
  #chunks = 0;
  readonly #spare: SpareSocket;

  constructor(options: SignalOptions) {
    super();
    this.#url = options.url;
    this.#clock = options.clock ?? systemClock;
    this.#createSocket = options.createSocket ?? openWebSocket;
    this.#timers = new ClockedTimeouts(this.#clock);
    this.#rate = new Rate(this.#clock);
    this.#heartbeat = new Heartbeat(
      this.#clock,
      (time) => this.#write({ type: 'ping', ack: this.#lastSeq, time }),
      () => this.#lose(),
    );
    this.#spare = new SpareSocket(
      this.#clock,
      () => this.#createSocket(this.#url, SUBPROTOCOL),
      () => this.#lose(),
    );
    this.#stopWakeUps = (options.wakeUps ?? pageWakeUps)((network) => this.wake(network));
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** See `Room.roundTripTime`. */
  get roundTripTime(): number | null {
    return this.#heartbeat.roundTripTime;
  }

  /** Numbers for `room.debug()`. */
  get counters(): { lastSeq: number; nextId: number; pending: number; attempt: number } {
    return { lastSeq: this.#lastSeq, nextId: this.#nextId, pending: this.#pending.size, attempt: this.#attempt };
  }

  /**
   * Joins. `body` is asked for again when the session has to be made anew, so that it can bring a fresh token.
   * Rejects with `unreachable`, or with the server's refusal. Once.
   */
  join(body: () => Promise<JoinBody>, signal?: AbortSignal | null): Promise<Joined> {
    if (this.#phase !== 'idle') throw new RoomError('wrong_order', 'Joined already.');
    signal?.throwIfAborted();
    this.#joinBody = body;
    this.#joining = deferred();
    const abort = () => this.#giveUp(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    void this.#connect();
    return this.#joining.promise.finally(() => signal?.removeEventListener('abort', abort));
  }

  /**
   * Sends a request, now or when the connection is back, exactly once. Rejects with the server's error, with `session_gone` when the
   * session ended before an answer came, or with the signal's reason.
   */
  request<B extends RequestBody>(body: B, options: { signal?: AbortSignal | null } = {}): Promise<ReplyTo<B['type']>> {
    if (!this.#session) {
      const retryable = this.#joinedOnce && this.#phase !== 'closed';
      return Promise.reject(new RoomError(retryable ? 'session_gone' : 'closed', 'Not in the room.', { retryable }));
    }
    return this.#request(body, options.signal) as Promise<ReplyTo<B['type']>>;
  }

  /** Says something that has no reply, and is not said again. Nothing while the socket is not open. */
  send(message: MediaChunk): void {
    if (this.#phase === 'open') this.#write(message);
  }

  /** Bytes that the socket has taken and not sent yet. */
  get buffered(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  /** Says good-bye and closes. Never rejects, and takes a second at most. */
  async leave(): Promise<void> {
    if (this.#phase === 'open' && this.#session) {
      await new Promise<void>((resolve) => {
        this.#leaving = resolve;
        this.#timers.set('leave', 1000, resolve);
        this.#request({ type: 'leave' }).catch(() => undefined);
      });
    }
    this.close();
  }

  /** For a page that goes away: says good-bye without waiting for an answer. */
  leaveNow(): void {
    if (this.#phase === 'open' && this.#session) this.#request({ type: 'leave' }).catch(() => undefined);
    this.close();
  }

  close(): void {
    this.#giveUp(new RoomError('closed', 'The room was left.'));
  }

  /**
   * The socket may have died unseen: asks it and opens another one, and goes on with whichever is sooner; where there is none, the next one
   * is opened at once. `network`: it is back, or another one.
   */
  wake(network: boolean): void {
    if (this.#phase === 'open') {
      this.#doubt ||= network;
      this.#heartbeat.probe();
      return this.#spare.open();
    }
    if (network) this.#forgiven = this.#attempt;
    // What was begun over a network that is gone may hang for long. Only a resume can be said twice.
    const begun = this.#phase === 'connecting' && this.#attempt > 0;
    const hangs = begun && (this.#socket?.readyState === 0 || (network && this.#session));
    if (this.#phase !== 'lost' && !hangs) return;
    this.#dropSocket();
    this.#timers.clear('retry');
    void this.#connect();
  }

  #request(body: RequestBody | ({ type: 'join' } & JoinBody), signal?: AbortSignal | null): Promise<ServerMessage> {
    const message = { ...body, id: this.#nextId++ } as Request;
    if (bytesOf(encode(message), this.#mostBytes) > this.#mostBytes) {
      // The server does not read it, and so could not name it in its reply.
      return Promise.reject(new RoomError('too_large', `More than ${this.#mostBytes} bytes.`));
    }
    const reply = this.#pending.add(message, signal);
    this.#flush();
    return reply;
  }

  /** Puts on the socket what is not on it yet, as fast as the server allows. */
  #flush(): void {
    if (this.#phase !== 'open') return;
    for (const message of this.#pending.after(this.#sentUpTo)) {
      const wait = this.#rate.take();
      if (wait > 0) return this.#timers.set('flush', wait, () => this.#flush());
      this.#sentUpTo = message.id;
      this.#write(message);
    }
  }

  #write(message: Request | Resume | Ping | MediaChunk | MediaRead): void {
    if (this.#socket?.readyState === 1) this.#socket.send(encode(message));
  }

  async #connect(): Promise<void> {
    this.#phase = 'connecting';
    let body: JoinBody | null = null;
    if (!this.#session) {
      try {
        body = (await this.#joinBody?.()) ?? null;
      } catch (error) {
        return this.#refused(
          error instanceof RoomError ? error : new RoomError('token_required', String(error), { cause: error }),
        );
      }
      if (this.#phase !== 'connecting' || this.#socket) return; // closed, or woken up, in the meantime
    }
    try {
      this.#use(this.#createSocket(this.#url, SUBPROTOCOL), body);
    } catch (error) {
      this.#end(new RoomError('unreachable', `${this.#url} cannot be opened.`, { cause: error }));
    }
  }

  /** Says the first message on this socket, as soon as it is open: resumes the session, or joins with `body`. */
  #use(socket: SignalSocket, body: JoinBody | null): void {
    const resume = this.#session;
    this.#socket = socket;
    this.#chunks = 0;
    this.#timers.clear('read');
    this.#timers.set('connect', CONNECT_MS, () => this.#lose());
    const begin = () => {
      if (socket !== this.#socket) return;
      if (resume) this.#write({ type: 'resume', session: resume.id, token: resume.token, lastSeq: this.#lastSeq });
      else if (body) this.#sendJoin(body);
    };
    if (socket.readyState === 1) begin();
    else socket.onopen = begin;
    socket.onmessage = (event) => {
      if (socket === this.#socket) this.#receive(event.data);
    };
    socket.onclose = () => {
      if (socket === this.#socket) this.#lose();
    };
  }

  #sendJoin(body: JoinBody): void {
    this.#lastSeq = 0;
    this.#gapAt = -1;
    this.#nextId = 1;
    this.#pending.rejectAll(new RoomError('session_gone', 'The session has ended.', { retryable: true }));
    const message = { ...body, type: 'join', id: this.#nextId++ } as const;
    this.#sentUpTo = message.id;
    this.#pending.add(message).then(
      (reply) => this.#handleJoined(reply as Joined),
      (error: RoomError) => error.code !== 'session_gone' && error.code !== 'closed' && this.#refused(error),
    );
    this.#write(message);
  }

  #receive(data: unknown): void {
    const message = parse(data);
    if (!message) {
      this.#fault('malformed', 'The server sent something that is no message.');
      return this.#lose();
    }
    if (message.seq) {
      if (message.seq <= this.#lastSeq) return;
      if (message.seq > this.#lastSeq + 1) return this.#handleGap(message.seq);
      this.#lastSeq = message.seq;
    }
    if (isServerMessage(message)) this.#handle(message);
  }

  #handle(message: ServerMessage): void {
    switch (message.type) {
      case 'pong':
        return this.#handlePong(message.time);
      case 'resumed':
        return this.#handleResumed(message.session, message.ack, message.iceServers);
      case 'error':
        return this.#handleError(message);
      case 'bye':
        return this.#handleBye(message);
      case 'ok':
      case 'joined':
      case 'published':
      case 'invited':
      case 'answered':
      case 'chat_page':
      case 'state_stored':
      case 'file_granted':
      case 'file_page':
      case 'file_linked':
        return this.#pending.settle(message.id, message);
      case 'waiting':
        // A person decides now: no timer of ours.
        this.#timers.clear('connect');
        this.#knocking = true;
        this.#attempt = this.#forgiven = 0;
        this.emit('message', { message });
        return;
      case 'media_chunk':
        this.#countChunk();
        return this.emit('message', { message });
      default:
        this.emit('message', { message: message satisfies ServerEvent });
    }
  }

  /** The server sends no more than is read. */
  #countChunk(): void {
    this.#chunks += 1;
    if (this.#timers.has('read')) return;
    this.#timers.set('read', READ_MS, () => this.#write({ type: 'media_read', count: this.#chunks }));
  }

  #handlePong(time: number | null): void {
    this.#heartbeat.handlePong(time);
    if (this.#doubt === null) return;
    const changed = this.#doubt;
    this.#doubt = null;
    this.#spare.drop();
    this.emit('heard', { changed });
  }

  #handleJoined(joined: Joined): void {
    const again = this.#joinedOnce;
    this.#joinedOnce = true;
    this.#knocking = false;
    this.#session = joined.session;
    this.#rate.set(joined.limits.messagesPerSecond);
    this.#mostBytes = joined.limits.messageBytes;
    this.#opened(joined.session);
    this.emit('joined', { joined, again });
    this.#joining?.resolve(joined);
    this.#joining = null;
    this.#flush();
  }

  #handleResumed(session: Session, ack: number, iceServers: SignalEvents['resumed']['iceServers']): void {
    this.#session = session;
    // What had arrived gets its reply in the replay; the rest goes out again with the same ids.
    this.#sentUpTo = ack;
    this.#opened(session);
    this.emit('resumed', { iceServers });
    this.#flush();
  }

  #opened(session: Session): void {
    this.#phase = 'open';
    this.#attempt = this.#forgiven = 0;
    this.#doubt = null;
    this.#timers.clear('connect');
    this.#heartbeat.start(session.heartbeat * 1000);
  }

  #handleError(message: ErrorMessage): void {
    if (message.id !== null) return this.#pending.settle(message.id, message);
    if (this.#phase === 'connecting' && this.#session) return message.retryable ? this.#lose() : this.#rejoin();
    this.emit('fault', { error: RoomError.fromWire(message) });
    if (this.#phase === 'connecting' && !message.retryable) this.#refused(RoomError.fromWire(message));
  }

  #handleBye(message: Bye): void {
    if (this.#leaving) {
      this.#leaving();
      return this.close();
    }
    const error = RoomError.fromWire(message);
    if (message.code === 'too_slow' && this.#session) return this.#lose(); // this one can be resumed
    if (message.code === 'session_gone' || (this.#joinedOnce && COME_BACK.has(message.code))) return this.#rejoin();
    this.#refused(error);
  }

  /** The server does not let us in, or has let us go. */
  #refused(error: RoomError): void {
    const ghost = error.code === 'identity_taken' && this.#attempt < GHOST_ATTEMPTS;
    if (this.#joinedOnce && (error.retryable || ghost) && this.#phase === 'connecting') return this.#lose();
    this.#end(error);
  }

  /** A gap is asked for again by resuming; where that does not help the session is given up. */
  #handleGap(seq: number): void {
    this.#fault('gap', `Message ${seq} came after ${this.#lastSeq}.`);
    if (this.#gapAt === this.#lastSeq) return this.#rejoin();
    this.#gapAt = this.#lastSeq;
    this.#lose();
  }

  #fault(code: 'malformed' | 'gap', message: string): void {
    this.emit('fault', { error: new RoomError(code, message, { retryable: true }) });
  }

  #rejoin(): void {
    this.#session = null;
    this.#lose();
  }

  /** The socket is of no use any more: go on with another one. */
  #lose(): void {
    if (this.#phase === 'closed') return;
    // A session begins with a socket of its own: the spare one is for going on.
    const spare = this.#session && !this.#leaving ? this.#spare.take() : null;
    this.#dropSocket();
    if (this.#leaving) return this.close();
    if (!this.#session && !this.#joinedOnce && !this.#knocking) {
      return this.#end(new RoomError('unreachable', 'The server cannot be reached.', { retryable: true }));
    }
    this.#attempt += 1;
    const delay = spare ? 0 : backoff(this.#attempt - this.#forgiven, this.#clock.random());
    this.#phase = spare ? 'connecting' : 'lost';
    if (spare) this.#use(spare, null);
    else this.#timers.set('retry', delay, () => void this.#connect());
    this.emit('reconnecting', { attempt: this.#attempt, delay, phase: this.#session ? 'signal' : 'full' });
  }

  #dropSocket(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#heartbeat.stop();
    this.#spare.drop();
    this.#timers.clear('connect');
    this.#timers.clear('flush');
    if (!socket) return;
    discard(socket, this.#phase === 'closed' ? 1000 : 4000);
  }

  /** The server may have let us in already, while its reply is on its way: without a good-bye a ghost would stay for the grace time. */
  #giveUp(reason: unknown): void {
    if (this.#phase === 'connecting' && !this.#session) this.#write({ type: 'leave', id: this.#nextId++ });
    this.#end(reason);
  }

  #end(reason: unknown): void {
    if (this.#phase === 'closed') return;
    const began = this.#joinedOnce;
    this.#phase = 'closed';
    this.#stopWakeUps();
    this.#dropSocket();
    this.#timers.clearAll();
    this.#session = null;
    const error = reason instanceof RoomError ? reason : new RoomError('closed', 'Ended.', { cause: reason });
    this.#leaving?.();
    this.#joining?.reject(reason ?? error);
    this.#joining = null;
    this.#pending.rejectAll(error);
    if (began) this.emit('closed', { error });
  }
}

/** Exact only where it matters, which is near `limit`. */
function bytesOf(text: string | Uint8Array, limit: number): number {
  return typeof text !== 'string' || text.length * 3 <= limit ? text.length : new TextEncoder().encode(text).length;
}
