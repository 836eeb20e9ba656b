import { vi } from 'vitest';
import type { RoomOptions } from '../../src/room/options.js';
import { Room } from '../../src/room/room.js';
import type { Joined, Publication, Topology } from '../../src/wire/generated.js';
import { FakeClock, settle } from './clock.js';
import { BOB, FakeServer } from './server.js';
import type { FakeTransceiver } from './webrtc.js';
import { createPeerConnection, FakeMediaStream, FakePeerConnection } from './webrtc.js';

export const CAM: Publication = { id: 'b1', source: 'camera', kind: 'video', muted: false, width: 640, height: 360 };
export const MIC: Publication = { ...CAM, id: 'b2', source: 'microphone', kind: 'audio' };
export const WITH_BOB = { participants: [{ ...BOB, publications: [CAM, MIC] }] };
export const SFU: Topology = { mode: 'sfu', phase: 'commit', epoch: 1, peers: [] };
export const DIRECT: Topology = {
  mode: 'direct',
  phase: 'commit',
  epoch: 2,
  peers: [{ participant: 'bob', polite: true }],
};

/** A room on fakes: nothing of the browser is used but `EventTarget`. */
export class FakeRoom {
  readonly clock = new FakeClock();
  readonly server = new FakeServer();
  readonly room: Room;

  constructor(options: RoomOptions = {}) {
    vi.stubGlobal('MediaStream', FakeMediaStream);
    FakePeerConnection.all = [];
    this.server.answering = true;
    this.room = new Room('http://host/r/demo', options, {
      clock: this.clock,
      createPeerConnection,
      createSocket: this.server.createSocket,
      wakeUps: () => () => undefined,
    });
  }

  async join(more: Partial<Joined> = {}): Promise<void> {
    const joining = this.room.join({ name: 'Ana' });
    await this.server.letIn(more);
    await joining;
    await settle();
  }

  /** The session is lost, and the room joined anew. */
  async rejoin(more: Partial<Joined> = {}): Promise<void> {
    this.server.socket.drop();
    await this.clock.advance(300);
    this.server.socket.accept();
    this.server.socket.deliver({ type: 'error', id: null, code: 'session_gone', message: '', retryable: false });
    await this.clock.advance(600);
    await this.server.letIn(more);
  }

  /** The connection to the server; it is opened first of all. */
  get sfu(): FakePeerConnection {
    return this.#connection(0);
  }

  /** The connection to Bob. */
  get direct(): FakePeerConnection {
    return this.#connection(1);
  }

  /** Bob describes what he sends directly, by section. */
  async receiveFromBob(publications: Record<string, { id: string; kind: string }>): Promise<FakeTransceiver[]> {
    const sections = Object.entries(publications).map(([mid, { kind }]) => this.direct.remoteSection(mid, kind));
    const named = Object.fromEntries(Object.entries(publications).map(([mid, { id }]) => [mid, id]));
    this.server.say({ type: 'offer', from: 'bob', serial: 1, sdp: 'v=0', publications: named });
    await settle();
    return sections;
  }

  #connection(index: number): FakePeerConnection {
    const connection = FakePeerConnection.all[index];
    if (!connection) throw new Error('it was not opened');
    return connection;
  }
}
