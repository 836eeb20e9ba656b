import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock, settle } from '../../test/fakes/clock.js';
import { ALONE, ANA, BOB, FakeServer } from '../../test/fakes/server.js';
import { createPeerConnection, FakeMediaStream, FakePeerConnection, fake, track } from '../../test/fakes/webrtc.js';
import type { Topology, Publication as WirePublication } from '../wire/generated.js';
import type { RoomOptions } from './options.js';
import { Room } from './room.js';

const CAM: WirePublication = { id: 'b1', source: 'camera', kind: 'video', muted: false, width: 640, height: 360 };
const MIC: WirePublication = { ...CAM, id: 'b2', source: 'microphone', kind: 'audio' };
const WITH_BOB = { participants: [{ ...BOB, publications: [CAM, MIC] }] };
const SFU: Topology = { mode: 'sfu', phase: 'commit', epoch: 1, peers: [] };

describe('Room', () => {
  let clock: FakeClock;
  let server: FakeServer;
  let room: Room;
  let events: string[];

  const open = (options: RoomOptions = {}) => {
    const made = new Room('http://host/r/demo', options, {
      clock,
      createPeerConnection,
      createSocket: server.createSocket,
      wakeUps: () => () => undefined,
    });
    made.addEventListener('statechange', ({ state }) => events.push(state));
    made.addEventListener('publicationadded', ({ publication }) => events.push(`+${publication.source}`));
    made.addEventListener('publicationremoved', ({ publication }) => events.push(`-${publication.source}`));
    made.addEventListener('track', ({ publication }) => events.push(`track:${publication.source}`));
    made.addEventListener('fault', ({ error }) => events.push(`fault:${error.code}`));
    return made;
  };

  beforeEach(() => {
    vi.stubGlobal('MediaStream', FakeMediaStream);
    FakePeerConnection.all = [];
    clock = new FakeClock();
    server = new FakeServer();
    server.answering = true;
    events = [];
    room = open({ token: 'jwt' });
  });

  const join = async (more: Parameters<FakeServer['letIn']>[0] = {}) => {
    const joining = room.join({ name: 'Ana' });
    await server.letIn(more);
    await joining;
  };
  const bind = async (publication: string, mid: string) => {
    await settle();
    server.say({ type: 'bind', mid, publication });
    await clock.advance(100);
  };

  it('joins with name and token, and knows then who is there and what one may', async () => {
    await join(WITH_BOB);
    expect(server.last('join')).toMatchObject({
      room: 'demo',
      name: 'Ana',
      token: 'jwt',
      autoSubscribe: true,
      p2p: true,
    });
    expect(room.state).toBe('connected');
    expect(room.local).toMatchObject({ id: 'ana', name: 'Ana', role: 'moderator' });
    expect([...room.participants.keys()]).toEqual(['bob']);
    expect([room.can('moderate'), room.can('record')]).toEqual([true, false]);
    expect(events).toEqual(['connecting', 'connected', '+camera', '+microphone']);
  });

  it('waits to be admitted', async () => {
    const onWaiting = vi.fn();
    const joining = room.join({ name: 'Ana', onWaiting });
    await settle();
    server.socket.accept();
    server.say({ type: 'waiting' });
    expect(onWaiting).toHaveBeenCalledOnce();
    expect(room.state).toBe('waiting');
    server.say({ type: 'error', id: 1, code: 'denied', message: 'no', retryable: false });
    await expect(joining).rejects.toMatchObject({ code: 'denied' });
    expect(room).toMatchObject({ state: 'closed', reason: { code: 'denied' } });
  });

  it('gives one stream for camera and microphone in track events, and one for each publication', async () => {
    const streams: MediaStream[] = [];
    room.addEventListener('track', ({ stream }) => streams.push(stream));
    await join({ ...WITH_BOB, topology: SFU });
    await bind('b1', '3');
    await bind('b2', '0');
    expect(events.slice(-2)).toEqual(['track:camera', 'track:microphone']);
    expect(streams[0]).toBe(streams[1]);
    expect(streams[0]?.getTracks()).toHaveLength(2);
    const camera = room.participants.get('bob')?.publication('camera');
    expect(camera?.stream.getTracks()).toEqual([camera?.track]);
  });

  it('publishes: announces first, then offers with the id', async () => {
    await join({ topology: SFU });
    const camera = await room.local.publish(track('video'));
    await settle();
    expect(server.last('publish')).toMatchObject({
      source: 'camera',
      kind: 'video',
      muted: false,
      width: 640,
      height: 360,
    });
    expect(Object.values(server.last('offer').publications)).toEqual(['own1']);
    expect([...room.local.publications.keys()]).toEqual(['own1']);
    await expect(room.local.publish(track('video'))).rejects.toMatchObject({ code: 'already_published' });
    await camera.unpublish();
    expect(server.last('unpublish').publication).toBe('own1');
    expect(room.local.publications.size).toBe(0);
  });

  it('sends a camera in several encodings, and of them what the server says that anybody watches', async () => {
    await join({ topology: SFU });
    await room.local.publish(track('video'));
    await settle();
    const section = fake(room.roads().sfu).transceivers.find(({ direction }) => direction === 'sendonly');
    expect(section?.sender.active).toEqual(['h', 'f']);
    server.say({ type: 'encodings', publication: 'own1', active: ['h'] });
    await settle();
    expect(section?.sender.active).toEqual(['h']);
  });

  it('sends one encoding where it is told so', async () => {
    await join({ topology: SFU });
    await room.local.publish(track('video'), { simulcast: false });
    await settle();
    const section = fake(room.roads().sfu).transceivers.find(({ direction }) => direction === 'sendonly');
    expect(section?.sender.active).toEqual(['-']);
  });

  it('undoes a publication that was aborted on the way', async () => {
    await join();
    server.answering = false;
    const abort = new AbortController();
    const publishing = room.local.publish(track('video'), { signal: abort.signal });
    await expect(room.local.publish(track('video'))).rejects.toMatchObject({ code: 'already_published' });
    await vi.waitFor(() => server.last('publish'));
    abort.abort();
    await expect(publishing).rejects.toMatchObject({ name: 'AbortError' });
    server.say({ type: 'published', id: server.last('publish').id, publication: { ...CAM, id: 'late' } });
    await settle();
    expect(server.last('unpublish').publication).toBe('late');
    expect(room.local.publication('camera')).toBeNull();
  });

  it('mutes: a video sends nothing, sound goes on as silence', async () => {
    await join({ topology: SFU });
    const [picture, sound] = [track('video'), track('audio')];
    const camera = await room.local.publish(picture);
    const microphone = await room.local.publish(sound);
    await camera.setEnabled(false);
    await microphone.setEnabled(false);
    const senders = fake(room.roads().sfu).transceivers.filter(({ direction }) => direction === 'sendonly');
    expect(senders.map(({ sender }) => sender.track)).toEqual([null, sound]);
    expect([picture.enabled, sound.enabled]).toEqual([true, false]);
    expect(server.sent('mute').map(({ publication, muted }) => [publication, muted])).toEqual([
      ['own1', true],
      ['own2', true],
    ]);
    const other = track('video');
    await camera.replace(other);
    await camera.setEnabled(true);
    expect(senders[0]?.sender.track).toBe(other);
    expect(camera.stream.getTracks()).toEqual([other]);
  });

  it('is muted by a moderator, and takes back what was not allowed', async () => {
    await join();
    const microphone = await room.local.publish(track('audio'));
    server.say({
      type: 'publication_updated',
      participant: 'ana',
      publication: { ...MIC, id: 'own1', muted: true },
      by: 'bob',
    });
    expect([microphone.muted, microphone.track.enabled]).toEqual([true, false]);
    server.answering = false;
    const unmuting = microphone.setEnabled(true);
    await settle();
    server.say({ type: 'error', id: server.last('mute').id, code: 'not_allowed', message: '', retryable: false });
    await expect(unmuting).rejects.toMatchObject({ code: 'not_allowed' });
    expect(microphone.muted).toBe(true);
  });

  it('gives its connections the ICE servers that the server sends before the old ones end', async () => {
    await join();
    const urls = ['turn:192.0.2.1:3000?transport=tcp'];
    const iceServers = { sfu: [{ urls, username: '2:b', credential: 'secret' }], direct: [] };
    server.say({ type: 'ice_servers', iceServers });
    await settle();
    expect(fake(room.roads().sfu).config.iceServers).toEqual(iceServers.sfu);
  });

  it('keeps media and publications through a resume', async () => {
    await join({ ...WITH_BOB, topology: SFU });
    const camera = await room.local.publish(track('video'));
    const pc = room.roads().sfu;
    server.socket.drop();
    expect(room.state).toBe('reconnecting');
    await clock.advance(300);
    server.socket.accept();
    server.resumed(99);
    expect(room.state).toBe('connected');
    expect(room.roads().sfu).toBe(pc);
    expect(camera.id).toBe('own1');
    expect(server.sent('publish')).toEqual([]);
  });

  it('keeps every object when the room is joined anew, and publishes again', async () => {
    await join({ ...WITH_BOB, topology: SFU });
    const camera = await room.local.publish(track('video'));
    const theirs = room.participants.get('bob')?.publication('camera');
    await settle();
    const mid = fake(room.roads().sfu).transceivers.find(
      ({ direction, receiver }) => direction === 'recvonly' && receiver.track.kind === 'video',
    )?.mid;
    await bind('b1', mid ?? '');
    const [old, stream] = [theirs?.track, theirs?.stream];
    expect(old).toBeTruthy();
    events = [];
    server.socket.drop();
    await clock.advance(300);
    server.socket.accept();
    server.socket.deliver({ type: 'error', id: null, code: 'session_gone', message: '', retryable: false });
    await clock.advance(600);
    await server.letIn({ participants: [{ ...BOB, publications: [{ ...CAM, id: 'b9' }] }], topology: SFU });
    await settle();
    expect(room.participants.get('bob')?.publications.get('b9')).toBe(theirs);
    expect(camera.id).toBe('own2');
    expect(events).toEqual(['reconnecting', 'connected', '-microphone']);
    expect(theirs?.track).toBe(old);
    const renewed = fake(room.roads().sfu);
    const section = renewed.transceivers.find(
      ({ direction, receiver }) => direction === 'recvonly' && receiver.track.kind === 'video',
    );
    await bind('b9', section?.mid ?? '');
    section?.receiver.flow();
    await clock.advance(500);
    expect(theirs?.track).toBe(section?.receiver.track);
    expect(theirs?.stream).toBe(stream);
    expect(events).not.toContain('track:camera');
  });

  it('subscribes by hand, until the signal is aborted', async () => {
    room = open({ autoSubscribe: false });
    await join({ ...WITH_BOB, topology: SFU });
    await bind('b1', '3');
    const camera = room.participants.get('bob')?.publication('camera');
    expect(camera?.track).toBeNull();
    const abort = new AbortController();
    const subscribing = camera?.subscribe({ quality: 'low', signal: abort.signal });
    await settle();
    await expect(subscribing).resolves.toBe(camera?.track);
    expect(server.last('prefer')).toMatchObject({ publication: 'b1', layer: 'low', visible: true });
    abort.abort();
    await settle();
    expect(server.last('unsubscribe').publication).toBe('b1');
    expect(camera?.track).toBeNull();
  });

  it('tells chat in one order, from what was seen to what comes', async () => {
    await join();
    const say = (text: string) =>
      server.say({ type: 'chat', message: { id: text, sender: 'bob', name: 'Bob', text, to: null, time: 1 } });
    say('one');
    const abort = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { text } of room.chat({ signal: abort.signal })) seen.push(text);
    })();
    await settle();
    say('two');
    await settle();
    expect(seen).toEqual(['one', 'two']);
    await room.chat.send('hello', { to: 'bob' });
    expect(server.last('chat')).toMatchObject({ text: 'hello', to: 'bob' });
    abort.abort();
    await reading;
  });

  it('looks for new paths, by the servers that are good now, when it is back', async () => {
    await join({ ...WITH_BOB, topology: SFU });
    await settle();
    const pc = fake(room.roads().sfu);
    pc.become('connected');
    const configured = vi.spyOn(pc, 'setConfiguration');
    const restarted = vi.spyOn(pc, 'restartIce');
    const arrived = (room.debug().signal?.nextId ?? 0) - 1;
    server.socket.drop();
    await clock.advance(300);
    server.socket.accept();
    server.resumed(arrived);
    await settle();
    expect(configured).toHaveBeenCalledOnce();
    expect(restarted).toHaveBeenCalledOnce();
    expect(configured).toHaveBeenCalledBefore(restarted);
    expect(server.sent('offer')).toMatchObject([{ serial: 2 }]);
    expect(room.roads().sfu).toBe(pc);
  });

  it('tells of media again when the server is back and media is not', async () => {
    const told: string[] = [];
    room.addEventListener('reconnecting', ({ phase }) => told.push(phase));
    await join({ topology: SFU });
    await settle();
    const pc = fake(room.roads().sfu);
    pc.become('connected');
    pc.become('disconnected');
    server.socket.drop();
    await clock.advance(300);
    server.socket.accept();
    server.resumed(99);
    expect(told).toEqual(['ice', 'signal', 'ice']);
    expect(room.state).toBe('reconnecting');
    pc.become('connected');
    expect(room.state).toBe('connected');
  });

  it('asks whether the socket lives when media is interrupted', async () => {
    await join({ topology: SFU });
    await settle();
    const pc = fake(room.roads().sfu);
    pc.become('connected');
    server.answering = false;
    const before = server.sent('ping').length;
    pc.become('disconnected');
    expect(server.sent('ping')).toHaveLength(before + 1);
    await clock.advance(199);
    expect(server.sockets).toHaveLength(1);
    await clock.advance(1);
    expect(server.sockets).toHaveLength(2);
  });

  it('tries at once when told to', async () => {
    room.retry();
    await join({ topology: SFU });
    await settle();
    const pc = fake(room.roads().sfu);
    pc.become('connected');
    room.retry();
    await settle();
    expect(pc.restarts).toBe(1);
    server.socket.drop();
    const before = server.sockets.length;
    room.retry();
    expect(server.sockets.length).toBe(before + 1);
  });

  it('begins chat with the last messages, and adds after joining anew what was missed, once', async () => {
    const message = (id: string) => ({ id, sender: 'bob', name: 'Bob', text: id, to: null, time: 1, number: 0 });
    const told: string[] = [];
    room.addEventListener('chat', ({ message: { id } }) => told.push(id));
    await join({ topology: SFU, messages: [message('m1'), message('m2')] });
    server.say({ type: 'chat', message: message('m3') });
    expect(told).toEqual(['m3']);
    const reading = room.chat();
    server.socket.drop();
    await clock.advance(300);
    server.socket.accept();
    server.socket.deliver({ type: 'error', id: null, code: 'session_gone', message: '', retryable: false });
    await clock.advance(600);
    await server.letIn({ messages: ['m2', 'm3', 'm4'].map(message) });
    expect(room.chat.messages.map(({ id }) => id)).toEqual(['m1', 'm2', 'm3', 'm4']);
    expect(told).toEqual(['m3', 'm4']);
    await room.leave();
    const seen: string[] = [];
    for await (const { id } of reading) seen.push(id);
    expect(seen).toEqual(['m1', 'm2', 'm3', 'm4']);
  });

  it('raises hands in the order that the server gives, and lowers those of others', async () => {
    await join(WITH_BOB);
    await room.raiseHand(true);
    expect(server.last('hand')).toMatchObject({ raised: true });
    expect(room.local.hand).toBe(0);
    const { publications, id, ...bob } = { ...BOB, hand: 7 };
    server.say({ type: 'participant_updated', ...bob, participant: 'bob', publications });
    server.say({ type: 'participant_updated', ...ANA, participant: 'ana', hand: 8, publications });
    expect([room.participants.get(id)?.hand, room.local.hand]).toEqual([7, 8]);
    expect([room.snapshot.participants[0]?.hand, room.snapshot.local?.hand]).toEqual([7, 8]);
    await room.participants.get(id)?.lowerHand();
    expect(server.last('hand')).toMatchObject({ raised: false, participant: 'bob' });
  });

  it('reacts, asks to unmute, puts into the spotlight and invites', async () => {
    const told: unknown[] = [];
    room.addEventListener('reaction', ({ participant, reaction }) => told.push([participant, reaction]));
    room.addEventListener('unmuteasked', ({ by, source }) => told.push([by, source]));
    room.addEventListener('roomchange', ({ info }) => told.push(info.spotlight));
    await join(WITH_BOB);
    await room.react('👏');
    expect(server.last('react').reaction).toBe('👏');
    await room.participants.get('bob')?.askUnmute('microphone');
    expect(server.last('ask_unmute')).toMatchObject({ participant: 'bob', source: 'microphone' });
    await room.setSpotlight('bob');
    expect(server.last('spotlight').participant).toBe('bob');
    server.say({ type: 'reaction', participant: 'ana', reaction: '👏' });
    server.say({ type: 'unmute_asked', by: 'bob', source: 'camera' });
    const info = { name: 'demo', locked: false, waitingRoom: false, maxParticipants: 10, spotlight: 'bob' };
    server.say({ type: 'room_updated', room: info });
    expect(told).toEqual([['ana', '👏'], ['bob', 'camera'], 'bob']);
    expect(room.info?.spotlight).toBe('bob');
    server.answering = false;
    const inviting = room.invite({ role: 'viewer' });
    expect(server.last('invite').role).toBe('viewer');
    server.say({ type: 'invited', id: server.last('invite').id, token: 'jwt', expires: null });
    expect(await inviting).toBe('jwt');
  });

  it('may come as less than it might', async () => {
    const joining = room.join({ name: 'Ana', role: 'viewer' });
    await server.letIn({ you: { ...ANA, role: 'viewer' }, rights: ['subscribe', 'chat'] });
    await joining;
    expect(server.last('join').role).toBe('viewer');
    expect(room.local.role).toBe('viewer');
  });

  it('does not wait for ever for what was unsubscribed, and takes back what was asked for', async () => {
    room = open({ autoSubscribe: false });
    await join({ ...WITH_BOB, topology: SFU });
    const camera = room.participants.get('bob')?.publication('camera');
    const waiting = camera?.subscribe();
    await settle();
    await camera?.unsubscribe();
    await expect(waiting).rejects.toMatchObject({ code: 'no_such_publication' });
    server.answering = false;
    const abort = new AbortController();
    const asking = camera?.subscribe({ signal: abort.signal });
    await settle();
    abort.abort();
    await expect(asking).rejects.toMatchObject({ name: 'AbortError' });
    expect(server.sent('unsubscribe')).toHaveLength(2);
    expect(camera?.subscribed).toBe(false);
  });

  it('gives snapshots that change only where something did, and tells once a turn', async () => {
    await join(WITH_BOB);
    await settle();
    const told = vi.fn();
    room.subscribe(told);
    const before = room.snapshot;
    expect(room.snapshot).toBe(before);
    server.say({ type: 'participant_joined', participant: { ...BOB, id: 'cy', name: 'Cy' } });
    server.say({ type: 'speakers', speakers: [{ participant: 'bob', publication: 'b2', level: 30 }] });
    expect(told).not.toHaveBeenCalled();
    await settle();
    expect(told).toHaveBeenCalledOnce();
    const after = room.snapshot;
    expect(after).not.toBe(before);
    expect(after.participants[0]).toBe(before.participants[0]);
    expect(after.participants.map(({ id }) => id)).toEqual(['bob', 'cy']);
    expect(after.speakers).toHaveLength(1);
    server.say({ type: 'speakers', speakers: [] });
    expect(room.snapshot.participants).toBe(after.participants);
    expect(before.participants).toHaveLength(1);
  });

  it('follows roles, knocks and the room itself', async () => {
    await join();
    server.say({ type: 'knock', participant: BOB });
    expect([...room.knocking.keys()]).toEqual(['bob']);
    await room.admit('bob');
    server.say({ type: 'knock_ended', participant: 'bob' });
    expect(room.knocking.size).toBe(0);
    server.say({ type: 'rights_changed', role: 'viewer', rights: ['chat'] });
    expect([room.local.role, room.can('publish:camera')]).toEqual(['viewer', false]);
    server.say({ type: 'room_updated', room: { name: 'demo', locked: true, waitingRoom: false, maxParticipants: 10 } });
    expect(room.info?.locked).toBe(true);
    server.say({ type: 'topology', topology: { ...ALONE, mode: 'sfu', epoch: 2 } });
    expect(room.topology).toEqual({ mode: 'sfu', phase: 'commit' });
  });

  it('closes for good when one is removed', async () => {
    await join({ ...WITH_BOB, topology: SFU });
    await room.local.publish(track('video'));
    server.say({ type: 'bye', code: 'removed', message: 'out', retryable: false });
    expect(room).toMatchObject({ state: 'closed', reason: { code: 'removed' } });
    expect(FakePeerConnection.all.every(({ closed }) => closed)).toBe(true);
    expect(room.participants.size + room.local.publications.size).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it('leaves at the end of its scope', async () => {
    await join();
    await room[Symbol.asyncDispose]();
    expect(server.sent('leave')).toHaveLength(1);
    expect(room).toMatchObject({ state: 'closed', reason: null });
    expect(ANA.id).toBe('ana');
  });
});
