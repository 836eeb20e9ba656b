import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock, settle } from '../../test/fakes/clock.js';
import * as webrtc from '../../test/fakes/webrtc.js';
import {
  createPeerConnection,
  type FakeMediaStream,
  FakePeerConnection,
  fake,
  track,
} from '../../test/fakes/webrtc.js';
import type { IceServer, Topology } from '../wire/generated.js';
import { Receiver } from './receiver.js';
import { Roads } from './roads.js';
import type { Stats } from './stats.js';

// Loaded by the SDK when needed, which takes longer than fake time does.
await import('./silence.js');
await import('../socket-media/index.js');

const BOB = [{ participant: 'bob', polite: false }];
const NO_SERVERS = { sfu: [], direct: [] };
const STUN: IceServer = { urls: ['stun:192.0.2.1:3478'], username: null, credential: null };
const turn = (url: string, username: string): IceServer => ({ urls: [url], username, credential: 'secret' });
const topology = (mode: Topology['mode'], phase: Topology['phase'], epoch: number, peers = BOB): Topology => ({
  mode,
  phase,
  epoch,
  peers,
});

describe('Roads', () => {
  let clock: FakeClock;
  let roads: Roads;
  let events: string[];
  let peerSerial: number;

  beforeEach(() => {
    vi.stubGlobal('MediaStream', webrtc.FakeMediaStream);
    FakePeerConnection.all = [];
    clock = new FakeClock();
    events = [];
    peerSerial = 0;
    roads = new Roads({
      clock,
      createPeerConnection,
      socket: null,
      bySocket: false,
      offer: async () => undefined,
      answer: async () => undefined,
      candidate: () => undefined,
      offerServer: async ({ serial }) => {
        events.push(`offer ${serial}`);
        return { sdp: 'answer' };
      },
    });
    roads.addEventListener('ready', ({ epoch }) => events.push(`ready ${epoch}`));
    roads.addEventListener('failed', ({ epoch }) => events.push(`failed ${epoch}`));
    roads.addEventListener('silent', () => events.push('silent'));
    roads.addEventListener('link', ({ interrupted }) => events.push(interrupted ? 'interrupted' : 'restored'));
  });

  const sfu = () => fake(roads.sfu);
  const peer = () => fake(roads.peers.get('bob') ?? null);
  const directions = (pc: FakePeerConnection) => pc.transceivers.map(({ direction }) => direction);
  const said = () => events.filter((event) => !event.startsWith('offer'));
  const shown = (receiver: Receiver) => (receiver.stream as unknown as FakeMediaStream).getTracks();

  const receiver = (id: string, kind: 'audio' | 'video' = 'video', muted = false) => {
    const made = new Receiver(kind, muted, clock);
    roads.receive(id, made);
    return made;
  };
  /** Bob sends these by the direct road; returns the sections. */
  const bobSends = async (map: Record<string, string>) => {
    const pc = peer();
    for (const [mid, id] of Object.entries(map)) {
      if (!pc.transceivers.some((transceiver) => transceiver.mid === mid))
        pc.remoteSection(mid, id.includes('mic') ? 'audio' : 'video');
    }
    if (pc.signalingState === 'have-local-offer') {
      roads.handleAnswer({ type: 'answer', from: 'bob', serial: 1, sdp: 'x', publications: map });
    } else {
      roads.handleOffer({ type: 'offer', from: 'bob', serial: ++peerSerial, sdp: 'x', publications: map });
    }
    await settle();
    pc.become('connected');
  };
  const startDirect = async () => {
    roads.start(NO_SERVERS, topology('direct', 'commit', 1));
    roads.publish('my-cam', 'video', track('video'));
    await settle();
    sfu().become('connected');
    await bobSends({ b: 'bob-cam' });
  };

  it('alone: a connection to the server, with nothing in it', async () => {
    roads.start(NO_SERVERS, topology('direct', 'commit', 1, []));
    roads.publish('my-cam', 'video', track('video'));
    await settle();
    expect(directions(sfu())).toEqual([]);
    expect(roads.peers.size).toBe(0);
  });

  it('several encodings go to the server alone, and all of them begin anew with a new connection', async () => {
    const encodings = [{ rid: 'q' }, { rid: 'f' }];
    roads.start(NO_SERVERS, topology('direct', 'commit', 1));
    roads.publish('my-cam', 'video', track('video'), encodings);
    await settle();
    expect(peer().transceivers[0]?.sender.active).toEqual(['-']);
    roads.handleTopology(topology('sfu', 'commit', 2, []));
    await settle();
    roads.handleEncodings('my-cam', ['q']);
    await settle();
    expect(sfu().transceivers[0]?.sender.active).toEqual(['q']);
    roads.handleMediaLost();
    await clock.advance(0);
    expect(sfu().transceivers[0]?.sender.active).toEqual(['q', 'f']);
  });

  it('each road has the servers that are meant for it', async () => {
    const [tcp, udp] = [
      turn('turn:192.0.2.1:3000?transport=tcp', '1:a'),
      turn('turn:192.0.2.1:3478?transport=udp', '1:a'),
    ];
    roads.start({ sfu: [tcp], direct: [STUN, udp] }, topology('direct', 'commit', 1));
    await settle();
    // Of a null a browser would make the text "null".
    expect(sfu().config.iceServers).toEqual([{ urls: tcp.urls, username: '1:a', credential: 'secret' }]);
    expect(peer().config.iceServers).toEqual([
      { urls: STUN.urls },
      { urls: udp.urls, username: '1:a', credential: 'secret' },
    ]);
  });

  it('fresh credentials reach what is connected, and what is made later', async () => {
    const fresh = (username: string) => ({
      sfu: [turn('turn:192.0.2.1:3000?transport=tcp', username)],
      direct: [turn('turn:192.0.2.1:3478?transport=udp', username)],
    });
    const names = (pc: FakePeerConnection) => pc.config.iceServers?.map(({ urls, username }) => `${urls} ${username}`);
    roads.start(fresh('1:a'), topology('direct', 'commit', 1));
    await settle();
    roads.setIceServers(fresh('2:b'));
    expect(names(sfu())).toEqual(['turn:192.0.2.1:3000?transport=tcp 2:b']);
    expect(names(peer())).toEqual(['turn:192.0.2.1:3478?transport=udp 2:b']);
    expect(sfu().config.bundlePolicy).toBe('max-bundle');
    roads.handleTopology(topology('sfu', 'commit', 2, []));
    roads.handleTopology(topology('direct', 'commit', 3));
    expect(names(peer())).toEqual(['turn:192.0.2.1:3478?transport=udp 2:b']);
  });

  it('two: sends and receives by the direct road only', async () => {
    const bob = receiver('bob-cam');
    await startDirect();
    expect(directions(peer())).toEqual(['sendonly', 'recvonly']);
    expect(directions(sfu())).toEqual([]);
    expect(shown(bob)).toEqual([peer().byMid('b').receiver.track]);
  });

  it('to the server: shows the old road until the first frame of the new one, then says that it is ready, once', async () => {
    const bob = receiver('bob-cam');
    await startDirect();
    const old = peer();
    const [first] = shown(bob);
    roads.handleTopology(topology('sfu', 'prepare', 2));
    await settle();
    // Both roads now.
    expect(directions(old)).toContain('sendonly');
    expect(directions(sfu())).toEqual(['sendonly', ...Array(3).fill('recvonly'), ...Array(4).fill('recvonly')]);
    roads.handleBind('4', 'bob-cam');
    await clock.advance(2000);
    expect(shown(bob)).toEqual([first]);
    expect(said()).toEqual([]);
    sfu().byMid('4').receiver.flow();
    await clock.advance(400);
    const second = sfu().byMid('4').receiver.track;
    expect(shown(bob)).toEqual([second]);
    expect(said()).toEqual(['ready 2']);
    expect(old.closed).toBe(false);
    roads.handleTopology(topology('sfu', 'commit', 3, []));
    expect(old.closed).toBe(true);
    await clock.advance(20_000);
    expect(shown(bob)).toEqual([second]);
    expect(said()).toEqual(['ready 2']);
  });

  it('does not wait for what is muted or not seen, but for sound that is not', async () => {
    const cam = receiver('bob-cam', 'video', true);
    receiver('bob-screen').setHidden(true);
    receiver('bob-mic', 'audio');
    await startDirect();
    roads.handleTopology(topology('sfu', 'prepare', 2));
    await settle();
    roads.handleBind('1', 'bob-mic');
    await clock.advance(1000);
    expect(said()).toEqual([]);
    sfu().byMid('1').receiver.flow();
    await clock.advance(500);
    expect(said()).toEqual(['ready 2']);
    expect(cam.track).not.toBeNull();
  });

  it('back to direct: keeps the server until the commit, then leaves it without media', async () => {
    const bob = receiver('bob-cam');
    roads.start(NO_SERVERS, topology('sfu', 'commit', 1, []));
    roads.publish('my-cam', 'video', track('video'));
    await settle();
    sfu().become('connected');
    const mid =
      sfu().transceivers.find(({ direction, receiver: r }) => direction === 'recvonly' && r.track.kind === 'video')
        ?.mid ?? '';
    roads.handleBind(mid, 'bob-cam');
    sfu().byMid(mid).receiver.flow();
    await clock.advance(200);
    roads.handleTopology(topology('direct', 'prepare', 2));
    await settle();
    await bobSends({ b: 'bob-cam' });
    expect(shown(bob)).toEqual([sfu().byMid(mid).receiver.track]);
    peer().byMid('b').receiver.flow();
    await clock.advance(200);
    expect(shown(bob)).toEqual([peer().byMid('b').receiver.track]);
    expect(said()).toEqual(['ready 2']);
    expect(directions(sfu())).toContain('sendonly');
    roads.handleTopology(topology('direct', 'commit', 3));
    await settle();
    expect(directions(sfu())).not.toContain('sendonly');
    expect(directions(sfu())).toContain('inactive');
    roads.handleTopology(topology('sfu', 'prepare', 4));
    await settle();
    expect(directions(sfu()).filter((direction) => direction === 'sendonly')).toHaveLength(1);
    expect(sfu().transceivers).toHaveLength(8);
    // The binding of last time is still there; that it worked then does not count.
    await clock.advance(1000);
    expect(said()).toEqual(['ready 2']);
    expect(shown(bob)).toEqual([peer().byMid('b').receiver.track]);
    sfu().byMid(mid).receiver.flow();
    await clock.advance(400);
    expect(said()).toEqual(['ready 2', 'ready 4']);
    expect(shown(bob)).toEqual([sfu().byMid(mid).receiver.track]);
  });

  it('stays with the server when the direct road does not come about', async () => {
    const bob = receiver('bob-cam');
    roads.start(NO_SERVERS, topology('sfu', 'commit', 1, []));
    await settle();
    sfu().become('connected');
    roads.handleBind('3', 'bob-cam');
    await clock.advance(100);
    const before = shown(bob);
    roads.handleTopology(topology('direct', 'prepare', 2));
    await clock.advance(10_000);
    expect(said()).toContain('failed 2');
    roads.handleTopology(topology('sfu', 'commit', 3, []));
    expect(roads.peers.size).toBe(0);
    expect(shown(bob)).toEqual(before);
    expect(before).toHaveLength(1);
  });

  it('says once that the direct road broke', async () => {
    receiver('bob-cam');
    await startDirect();
    peer().become('failed');
    await clock.advance(0);
    expect(said()).toEqual(['interrupted']); // it has one more chance
    peer().become('failed');
    expect(said()).toEqual(['interrupted', 'failed 1']);
    roads.handleTopology(topology('sfu', 'prepare', 2));
    expect(said().at(-1)).toBe('restored');
  });

  it('opens a new connection from serial 1 when the server has lost it, and shows the last picture until then', async () => {
    const bob = receiver('bob-cam');
    roads.start(NO_SERVERS, topology('sfu', 'commit', 1, []));
    roads.publish('my-cam', 'video', track('video'));
    await settle();
    const old = sfu();
    old.become('connected');
    roads.handleBind('4', 'bob-cam');
    await clock.advance(0);
    events = [];
    roads.handleMediaLost();
    await clock.advance(0);
    await settle();
    expect(sfu()).not.toBe(old);
    expect(events).toContain('offer 1');
    expect(directions(sfu()).slice(0, 2)).toEqual(['sendonly', 'recvonly']);
    expect(shown(bob)).toEqual([old.byMid('4').receiver.track]);
    expect(old.closed).toBe(false);
    sfu().become('connected');
    roads.handleBind('5', 'bob-cam');
    sfu().byMid('5').receiver.flow();
    await clock.advance(500);
    expect(shown(bob)).toEqual([sfu().byMid('5').receiver.track]);
    expect(old.closed).toBe(true);
    expect(events.at(-1)).toBe('restored');
  });

  it('restarts ICE on every road when the network is another one', async () => {
    await startDirect();
    events = [];
    roads.handleNetworkBack(true);
    await settle();
    expect([sfu().restarts, peer().restarts]).toEqual([1, 1]);
    expect(events).toEqual(['offer 2']);
    expect(said()).toEqual([]);
  });

  it('tells of a connection that falls silent, and restarts ICE on that one alone where the network is the same', async () => {
    await startDirect();
    await settle();
    const flow = async (ms: number, receives: boolean) => {
      for (let passed = 0; passed < ms; passed += 100) {
        const [bytesReceived, packetsSent] = [receives ? clock.now() : -1, clock.now()];
        const stats: Stats[] = [
          { id: 'P', type: 'candidate-pair', selected: true, bytesReceived },
          { id: 'out', type: 'outbound-rtp', packetsSent },
        ];
        peer().stats = stats;
        await clock.advance(100);
      }
    };
    await flow(10_000, true);
    roads.handleNetworkBack(false);
    expect(said()).toEqual([]);
    await flow(2000, false);
    expect(said()).toEqual(['silent']);
    roads.handleNetworkBack(false);
    expect([sfu().restarts, peer().restarts]).toEqual([0, 1]);
    const [camera] = peer().transceivers;
    const begun = camera?.sender.keyFrames ?? 0;
    await flow(500, true);
    expect(camera?.sender.keyFrames).toBe(begun + 1);
    roads.handleNetworkBack(false);
    expect(peer().restarts).toBe(1);
    expect(said()).toEqual(['silent']);
    expect(sfu().polls).toBe(0);
  });

  it('opens the connection whose turn had not come yet when the network is back, and restarts none that is new', async () => {
    roads.start(NO_SERVERS, topology('sfu', 'commit', 1, []));
    await settle();
    await clock.advance(10_000); // the first is dead, the second opens at once
    await clock.advance(10_000); // so is that
    expect(roads.sfu).toBeNull();
    const before = FakePeerConnection.all.length;
    roads.handleNetworkBack(true);
    expect(FakePeerConnection.all).toHaveLength(before + 1);
    await settle();
    expect(sfu().restarts).toBe(0);
    sfu().become('connected');
    expect(said()).toEqual(['interrupted', 'restored']);
  });

  describe('where the browser can encode and decode by itself', () => {
    const socket = {
      request: vi.fn(async () => undefined),
      send: vi.fn(),
      buffered: () => 0,
    };
    const start = async (bySocket: boolean) => {
      for (const part of ['VideoDecoder', 'VideoEncoder', 'AudioDecoder']) vi.stubGlobal(part, class {});
      const offerServer = async () => ({ sdp: 'answer' });
      const ports = { offer: socket.request, answer: socket.request, candidate: () => undefined, offerServer };
      roads = new Roads({ clock, createPeerConnection, socket, bySocket, ...ports });
      roads.addEventListener('link', ({ interrupted }) => events.push(interrupted ? 'interrupted' : 'restored'));
      roads.start(NO_SERVERS, topology('sfu', 'commit', 1, []));
      await settle();
    };
    beforeEach(() => socket.request.mockClear());
    afterEach(() => vi.unstubAllGlobals());

    it('the socket takes over when two connections in a row did not come about', async () => {
      await start(false);
      await clock.advance(10_000);
      expect([roads.bySocket, events]).toEqual([false, ['interrupted']]);
      await clock.advance(10_000);
      await clock.advance(1000);
      expect([roads.bySocket, roads.sfu]).toEqual([true, null]);
      await vi.waitFor(() =>
        expect(socket.request).toHaveBeenCalledWith({ type: 'media_open', codecs: ['vp8', 'opus'] }),
      );
      await settle();
      expect(events).toEqual(['interrupted', 'restored']);
      expect(FakePeerConnection.all).toHaveLength(2);
    });

    it('one that stood before it broke does not count', async () => {
      await start(false);
      for (let n = 0; n < 3; n++) {
        sfu().become('connected');
        roads.handleMediaLost();
        await clock.advance(0);
      }
      expect(roads.bySocket).toBe(false);
    });

    it('it is there from the start where it was asked for, and anew when the server has lost its side', async () => {
      await start(true);
      await vi.waitFor(() => expect(socket.request).toHaveBeenCalledOnce());
      await settle();
      roads.handleMediaLost();
      await clock.advance(0);
      await vi.waitFor(() => expect(socket.request).toHaveBeenCalledTimes(2));
      expect(FakePeerConnection.all).toEqual([]);
    });
  });

  it('says that media is interrupted until a connection stands, whatever is told of the topology meanwhile', async () => {
    roads.start(NO_SERVERS, topology('sfu', 'commit', 1, []));
    await settle();
    expect(said()).toEqual([]);
    await clock.advance(10_000);
    roads.handleTopology(topology('sfu', 'commit', 2, []));
    await settle();
    expect(said()).toEqual(['interrupted']);
    sfu().become('connected');
    expect(said()).toEqual(['interrupted', 'restored']);
  });

  it('waits for a key frame in a section that showed somebody else', async () => {
    const cy = receiver('cy-cam');
    const bob = receiver('bob-cam');
    await startDirect();
    roads.handleTopology(topology('sfu', 'prepare', 2));
    await settle();
    roads.handleBind('4', 'cy-cam');
    const section = sfu().byMid('4').receiver;
    section.flow();
    await clock.advance(100);
    expect(shown(cy)).toHaveLength(1);
    roads.handleBind('4', 'bob-cam');
    expect(shown(cy)).toEqual([]);
    await clock.advance(50);
    section.framesDecoded += 1; // still one of the other person's
    await clock.advance(200);
    expect(shown(bob)).toEqual([peer().byMid('b').receiver.track]);
    section.flow();
    await clock.advance(200);
    expect(shown(bob)).toEqual([section.track]);
  });

  it('sends by every road what it sends, and another track on each of them', async () => {
    await startDirect();
    roads.handleTopology(topology('sfu', 'prepare', 2));
    await settle();
    const next = track('video');
    await roads.replace('my-cam', next, []);
    const senders = [peer(), sfu()].map(
      (pc) => pc.transceivers.find(({ direction }) => direction === 'sendonly')?.sender.track,
    );
    expect(senders).toEqual([next, next]);
    roads.unpublish('my-cam');
    expect([...directions(peer()), ...directions(sfu())]).not.toContain('sendonly');
  });

  it('mesh: a connection with each, ready when all of them carry', async () => {
    const three = ['bob', 'cy', 'di'].map((participant) => ({ participant, polite: true }));
    roads.start(NO_SERVERS, topology('sfu', 'commit', 1, []));
    roads.publish('my-cam', 'video', track('video'));
    await settle();
    roads.handleTopology(topology('direct', 'prepare', 2, three));
    const all = [...roads.peers.values()].map(fake);
    expect(all.map(directions)).toEqual([['sendonly'], ['sendonly'], ['sendonly']]);
    for (const pc of all.slice(1)) pc.become('connected');
    expect(said()).toEqual([]);
    all[0]?.become('connected');
    expect(said()).toEqual(['ready 2']);
    roads.handleLeft('cy');
    expect([...roads.peers.keys()]).toEqual(['bob', 'di']);
    roads.handleTopology(topology('direct', 'commit', 3, three.slice(0, 1)));
    expect(all.map(({ closed }) => closed)).toEqual([false, true, true]);
  });

  it('closes everything, and leaves no timer', async () => {
    receiver('bob-cam');
    await startDirect();
    const all = [...FakePeerConnection.all];
    roads.close();
    expect(all.every(({ closed }) => closed)).toBe(true);
    await clock.advance(60_000);
    expect(clock.timers).toBe(0);
  });
});
