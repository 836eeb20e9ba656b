import type { DeviceState, JoinOptions, Room } from 'tertulia-client';
import { RoomError, type RoomErrorCode } from 'tertulia-client';
import type { Tools } from '../../src/doctor/tools.ts';
import { FakeNetwork } from './webrtc.ts';

/** What comes of a visit to the room. */
type Visit = 'connects' | 'hangs' | 'waits' | RoomErrorCode;

/** A browser and a server without anything real in between; the test says how both do. */
export class FakeWorld {
  readonly network = new FakeNetwork();
  /** The answer for ICE servers; null: nobody answers, `never`: not in time. */
  answer: { status: number; body: unknown } | null | 'never' = { status: 200, body: { iceServers: [] } };
  socket: 'opens' | 'closes' | 'hangs' = 'opens';
  visit: Visit = 'connects';
  /** What `getStats` of the connection to the server tells. */
  stats: object[] = [
    { id: 't', type: 'transport', selectedCandidatePairId: 'p' },
    { id: 'p', type: 'candidate-pair', localCandidateId: 'l', remoteCandidateId: 'r', currentRoundTripTime: 0.012 },
    { id: 'l', type: 'local-candidate', candidateType: 'host', protocol: 'udp' },
    { id: 'r', type: 'remote-candidate', address: '192.0.2.1', port: 3478 },
  ];
  device: DeviceState = 'prompt';
  readonly requests: { url: string; headers: unknown }[] = [];
  readonly sockets: { url: string; protocol: string; closed: boolean }[] = [];
  readonly rooms: { address: string; token: unknown; joined: JoinOptions | null; left: boolean }[] = [];
  #now = 0;

  /** What is still open. */
  get open(): number {
    const inside = this.rooms.filter(({ joined, left }) => joined && !left).length;
    return this.network.open + inside + this.sockets.filter(({ closed }) => !closed).length;
  }

  readonly tools: Tools = {
    hasWebRtc: true,
    isSecure: true,
    fetch: (async (url: string, { headers }: RequestInit) => {
      this.requests.push({ url, headers });
      if (this.answer === 'never') return new Promise(() => undefined);
      if (!this.answer) throw new TypeError('Failed to fetch');
      return new Response(JSON.stringify(this.answer.body), { status: this.answer.status });
    }) as typeof fetch,
    openSocket: (url, protocol) => {
      const entry = { url, protocol, closed: false };
      this.sockets.push(entry);
      const socket = {
        onopen: null as (() => void) | null,
        onclose: null as (() => void) | null,
        close: () => {
          entry.closed = true;
        },
      };
      setTimeout(() => {
        if (this.socket === 'opens') socket.onopen?.();
        if (this.socket === 'closes') socket.onclose?.();
      });
      return socket as unknown as WebSocket;
    },
    createPeerConnection: this.network.create,
    createRoom: (address, { token }) => {
      const entry: (typeof this.rooms)[number] = { address, token, joined: null, left: false };
      this.rooms.push(entry);
      const room = {
        roads: () => ({ sfu: this.visit === 'connects' ? this.connection() : { connectionState: 'connecting' } }),
        join: async (options: JoinOptions) => {
          entry.joined = options;
          if (this.visit === 'waits') {
            options.onWaiting?.();
            options.signal?.throwIfAborted();
          }
          if (this.visit !== 'connects' && this.visit !== 'hangs' && this.visit !== 'waits')
            throw new RoomError(this.visit, '');
        },
        leave: async () => {
          entry.left = true;
        },
      };
      return room as unknown as Room;
    },
    deviceState: async () => this.device,
    now: () => (this.#now += 5),
  };

  connection(): object {
    return {
      connectionState: 'connected',
      getStats: async () => new Map(this.stats.map((stats) => [(stats as { id: string }).id, stats])),
    };
  }
}
