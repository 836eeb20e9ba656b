import type { SignalSocket } from '../../src/signal/signal-socket.js';
import { encode } from '../../src/wire/frames.js';
import type { ClientMessage, Joined, Participant, Topology } from '../../src/wire/generated.js';
import { parse } from '../../src/wire/guards.js';
import { settle } from './clock.js';

type Typed<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>;

const read = (data: string | Uint8Array<ArrayBuffer>) =>
  parse(typeof data === 'string' ? data : data.buffer) as unknown as ClientMessage;

/** The server's end of one socket. */
export class FakeSocket implements SignalSocket {
  readyState = 0;
  onopen: ((event: never) => unknown) | null = null;
  onmessage: ((event: { data: unknown }) => unknown) | null = null;
  onclose: ((event: { code: number }) => unknown) | null = null;
  onerror: ((event: never) => unknown) | null = null;
  readonly received: ClientMessage[] = [];
  closedWith: number | null = null;
  readonly url: string;
  readonly protocol: string;

  constructor(url: string, protocol: string) {
    this.url = url;
    this.protocol = protocol;
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.received.push(read(data));
  }

  close(code = 1005): void {
    this.closedWith = code;
    this.readyState = 3;
  }

  /** Only the server may call what follows. */
  accept(): void {
    this.readyState = 1;
    this.onopen?.(undefined as never);
  }

  drop(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  deliver(message: object): void {
    const data = encode(message);
    this.onmessage?.({ data: typeof data === 'string' ? data : data.buffer });
  }
}

export const ANA: Participant = {
  id: 'ana',
  name: 'Ana',
  role: 'moderator',
  connected: true,
  metadata: '',
  hand: 0,
  publications: [],
};
export const BOB: Participant = { ...ANA, id: 'bob', name: 'Bob', role: 'speaker' };
export const ALONE: Topology = { mode: 'direct', phase: 'commit', epoch: 0, peers: [] };

/** A server with one session, driven by the test. Answers nothing by itself besides what `answering` says. */
export class FakeServer {
  readonly sockets: FakeSocket[] = [];
  seq = 0;
  answering = false;
  published = 0;
  version = 0;

  readonly createSocket = (url: string, protocol: string): SignalSocket => {
    const socket = new FakeSocket(url, protocol);
    const { send } = socket;
    socket.send = (data) => {
      send.call(socket, data);
      if (this.answering) this.#answer(read(data));
    };
    this.sockets.push(socket);
    return socket;
  };

  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error('no socket was opened');
    return socket;
  }

  sent<T extends ClientMessage['type']>(type: T, socket = this.socket): Typed<T>[] {
    return socket.received.filter((message): message is Typed<T> => message.type === type);
  }

  last<T extends ClientMessage['type']>(type: T): Typed<T> {
    const message = this.sent(type).at(-1);
    if (!message) throw new Error(`no ${type} was sent`);
    return message;
  }

  /** A numbered message. */
  say(message: object): void {
    this.socket.deliver({ seq: ++this.seq, ...message });
  }

  joined(id: number, more: Partial<Joined> = {}): void {
    this.say({
      type: 'joined',
      id,
      session: { id: 's1', token: 't1', grace: 30, heartbeat: 15 },
      room: { name: 'demo', locked: false, waitingRoom: false, maxParticipants: 10, spotlight: null },
      you: ANA,
      rights: ['publish:camera', 'publish:microphone', 'publish:screen', 'subscribe', 'chat', 'moderate'],
      participants: [],
      knocking: [],
      messages: [],
      chat: { cleared: 0, read: [] },
      presence: [],
      state: [],
      topology: ALONE,
      iceServers: { sfu: [], direct: [] },
      limits: { messageBytes: 65536, messagesPerSecond: 50, chatBytes: 10000, publications: 8 },
      ...more,
    });
  }

  /** Opens the last socket and answers its `join`. */
  async letIn(more: Partial<Joined> = {}): Promise<void> {
    await settle();
    this.socket.accept();
    await settle();
    this.seq = 0;
    this.joined(this.last('join').id, more);
    await settle();
  }

  resumed(ack: number): void {
    this.socket.deliver({
      type: 'resumed',
      session: { id: 's1', token: `t${this.sockets.length}`, grace: 30, heartbeat: 15 },
      ack,
      iceServers: { sfu: [], direct: [] },
    });
  }

  #answer(message: ClientMessage): void {
    switch (message.type) {
      case 'join':
      case 'resume':
      case 'chat_history': // the test has its past
        return;
      case 'ping':
        return this.socket.deliver({ type: 'pong', ack: 0, time: message.time });
      case 'leave':
        return this.say({ type: 'bye', code: 'left', message: '', retryable: false });
      case 'publish': {
        const { source, kind, muted = false, width = 0, height = 0 } = message;
        const publication = { id: `own${++this.published}`, source, kind, muted, width, height };
        return this.say({ type: 'published', id: message.id, publication });
      }
      case 'offer':
        if (message.to === 'server') {
          return this.say({ type: 'answered', id: message.id, serial: message.serial, sdp: 'v=0 answer' });
        }
        return this.say({ type: 'ok', id: message.id });
      case 'state_set':
        return this.say({ type: 'state_stored', id: message.id, version: ++this.version });
      case 'media_chunk':
      case 'media_read':
        return;
      default:
        return this.say({ type: 'ok', id: message.id });
    }
  }
}
