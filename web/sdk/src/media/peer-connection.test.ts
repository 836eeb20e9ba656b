import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../test/fakes/clock.js';
import { createPeerConnection, type FakePeerConnection, fake, track } from '../../test/fakes/webrtc.js';
import { RoomError } from '../common/room-error.js';
import type { CandidateInit, Description } from './peer-connection.js';
import { PeerConnection } from './peer-connection.js';

const CANDIDATE: CandidateInit = { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0, usernameFragment: null };

describe('PeerConnection', () => {
  let clock: FakeClock;
  let sent: { type: string; description: Description }[];
  let events: string[];
  let refuse: (description: Description) => void;

  beforeEach(() => {
    clock = new FakeClock();
    sent = [];
    events = [];
    refuse = () => undefined;
  });

  const say = (type: string, description: Description) => {
    sent.push({ type, description: structuredClone(description) });
    refuse(description);
  };
  const open = (polite: boolean): { link: PeerConnection; pc: FakePeerConnection } => {
    const link = new PeerConnection(
      'bob',
      polite,
      {},
      {
        clock,
        createPeerConnection,
        offer: async (_to, description) => say('offer', description),
        answer: async (_to, description) => say('answer', description),
        candidate: (_to, { candidate }) => events.push(`candidate:${candidate}`),
      },
    );
    link.addEventListener('track', ({ publication }) => events.push(`+${publication}`));
    link.addEventListener('untrack', ({ publication }) => events.push(`-${publication}`));
    link.addEventListener('state', ({ state }) => events.push(state));
    link.addEventListener('fault', ({ error }) => events.push(`fault:${error.message}`));
    return { link, pc: fake(link.pc) };
  };
  const offered = (serial: number, publications = {}): Description => ({
    serial,
    sdp: `remote ${serial}`,
    publications,
  });
  const types = () => sent.map(({ type, description }) => `${type} ${description.serial}`);

  it('offers at once on the impolite side, with or without something to send', async () => {
    const { pc } = open(false);
    await settle();
    expect(pc.channels).toEqual(['tertulia']);
    expect(types()).toEqual(['offer 1']);
  });

  it('leaves the first offer to the other on the polite side, for a moment', async () => {
    const { link } = open(true);
    link.publish('cam', 'video', track('video'));
    await clock.advance(299);
    expect(types()).toEqual([]);
    await clock.advance(1);
    expect(types()).toEqual(['offer 1']);
    expect(sent[0]?.description.publications).toEqual({ 0: 'cam' });
  });

  it('passes over an offer that collides with its own on the impolite side', async () => {
    const { link, pc } = open(false);
    await settle();
    await link.handleOffer(offered(1));
    await link.handleCandidate(CANDIDATE);
    expect(types()).toEqual(['offer 1']);
    await link.handleAnswer(offered(1));
    expect(pc.signalingState).toBe('stable');
    expect(events).toEqual([]);
  });

  it('takes its own offer back on the polite side, answers, and offers again', async () => {
    const { link, pc } = open(true);
    link.publish('cam', 'video', track('video'));
    await clock.advance(300);
    pc.remoteSection('5', 'video');
    await link.handleOffer(offered(1, { 5: 'bob-cam' }));
    await settle();
    expect(types()).toEqual(['offer 1', 'answer 1', 'offer 2']);
    expect(events).toEqual(['+bob-cam']);
    await link.handleAnswer(offered(1)); // of the offer that was taken back
    expect(pc.signalingState).toBe('have-local-offer');
    await link.handleAnswer(offered(2, { 5: 'bob-cam' }));
    expect(pc.signalingState).toBe('stable');
    expect(events).toEqual(['+bob-cam']);
  });

  it('says again what was refused for a publication that ended on the way, without it', async () => {
    const { link, pc } = open(false);
    refuse = ({ publications }) => {
      if (!Object.values(publications).includes('mic')) return;
      link.unpublish('mic');
      throw new RoomError('no_such_publication', '');
    };
    link.publish('cam', 'video', track('video'));
    link.publish('mic', 'audio', track('audio'));
    await settle();
    expect(types()).toEqual(['offer 1', 'offer 1']);
    expect(sent.at(-1)?.description.publications).toEqual({ 0: 'cam' });
    await link.handleAnswer(offered(1));
    expect(pc.signalingState).toBe('stable');
  });

  it('names what it sends in answers too, and takes the map for all that the other side sends', async () => {
    const { link, pc } = open(false);
    link.publish('mic', 'audio', track('audio'));
    await settle();
    await link.handleAnswer(offered(1));
    pc.remoteSection('a', 'audio');
    pc.remoteSection('b', 'video');
    await link.handleOffer(offered(1, { a: 'bob-mic', b: 'bob-cam' }));
    expect(sent.at(-1)).toMatchObject({ type: 'answer', description: { serial: 1, publications: { 0: 'mic' } } });
    await link.handleOffer(offered(2, { a: 'bob-mic', b: 'bob-screen' }));
    await link.handleOffer(offered(3, { b: 'bob-screen' }));
    expect(events).toEqual(['+bob-mic', '+bob-cam', '-bob-cam', '+bob-screen', '-bob-mic']);
  });

  it('keeps candidates until there is a description', async () => {
    const { link, pc } = open(true);
    await link.handleCandidate(CANDIDATE);
    expect(pc.candidates).toEqual([]);
    await link.handleOffer(offered(1));
    await link.handleCandidate({ ...CANDIDATE, candidate: '' });
    expect(pc.candidates).toMatchObject([CANDIDATE, { candidate: '' }]);
  });

  it('never sets two descriptions at once', async () => {
    const { link, pc } = open(true);
    link.publish('cam', 'video', track('video'));
    const all = [offered(1), offered(2), offered(3)].map((offer) => link.handleOffer(offer));
    link.publish('mic', 'audio', track('audio'));
    await clock.advance(300);
    await Promise.all(all);
    expect(events.filter((event) => event.startsWith('fault'))).toEqual([]);
    expect(pc.signalingState).not.toBe('closed');
  });

  it('uses a section again', async () => {
    const { link, pc } = open(false);
    link.publish('cam', 'video', track('video'));
    await settle();
    await link.handleAnswer(offered(1));
    link.unpublish('cam');
    link.publish('screen', 'video', track('video'));
    await settle();
    expect(pc.transceivers).toHaveLength(1);
    expect(sent.at(-1)?.description.publications).toEqual({ 0: 'screen' });
  });

  it('is dead when it fails to connect, in spite of a restart, or within 10 s', async () => {
    open(false).pc.become('failed');
    expect(events).toEqual(['dead']);
    events = [];
    const { pc } = open(false);
    pc.become('connected');
    pc.become('disconnected');
    await clock.advance(1500);
    pc.become('failed');
    expect(events).toEqual(['connected', 'trouble', 'dead']);
    events = [];
    open(false);
    await clock.advance(10_000);
    expect(events).toEqual(['dead']);
  });

  it('tries once more when all paths are gone at once, as with a network', async () => {
    const { link, pc } = open(false);
    await settle();
    await link.handleAnswer(offered(1));
    pc.become('connected');
    pc.become('failed');
    await clock.advance(0);
    expect(types()).toEqual(['offer 1', 'offer 2']);
    expect(events).toEqual(['connected', 'trouble']);
    pc.become('failed');
    expect(events.at(-1)).toBe('dead');
  });

  it('restarts ICE at once in another network, and has all the time for it', async () => {
    const { link, pc } = open(false);
    await settle();
    link.restart();
    expect(pc.restarts).toBe(0); // nothing is agreed yet
    await link.handleAnswer(offered(1));
    pc.become('connected');
    pc.become('disconnected');
    await clock.advance(1000);
    link.restart();
    await settle();
    expect(types()).toEqual(['offer 1', 'offer 2']);
    await clock.advance(9999);
    expect(pc.restarts).toBe(1);
    expect(events).toEqual(['connected', 'trouble']);
    await clock.advance(1);
    expect(events.at(-1)).toBe('dead');
    link.restart();
    expect(pc.restarts).toBe(1);
  });

  it('begins its pictures anew when it is back, and when the other side has other paths', async () => {
    const { link, pc } = open(false);
    link.publish('cam', 'video', track('video'));
    link.publish('mic', 'audio', track('audio'));
    await settle();
    await link.handleAnswer({ ...offered(1), sdp: 'a=ice-ufrag:one' });
    const [camera, microphone] = pc.transceivers.map(({ sender }) => sender);
    const begun = () => [camera?.keyFrames, microphone?.keyFrames];
    pc.become('connected');
    await settle();
    await link.handleOffer({ ...offered(1), sdp: 'a=ice-ufrag:one' });
    expect(begun()).toEqual([0, 0]);
    pc.become('disconnected');
    pc.become('connected');
    await settle();
    expect(begun()).toEqual([1, 0]);
    await link.handleOffer({ ...offered(2), sdp: 'a=ice-ufrag:two' });
    await settle();
    expect(begun()).toEqual([2, 0]);
    expect(camera?.active).toEqual(['-']);
    await link.replace('cam', null);
    pc.become('disconnected');
    pc.become('connected');
    await settle();
    expect(begun()).toEqual([2, 0]);
  });

  it('restarts on both sides at once: the polite one takes its own back', async () => {
    const polite = open(true);
    await polite.link.handleOffer(offered(1));
    polite.pc.become('connected');
    const impolite = open(false);
    await settle();
    await impolite.link.handleAnswer(offered(1));
    impolite.pc.become('connected');
    sent = [];
    polite.link.restart();
    impolite.link.restart();
    await settle();
    expect(types()).toEqual(['offer 1', 'offer 2']);
    const [byPolite, byImpolite] = sent.map(({ description }) => description) as [Description, Description];
    sent = [];
    await Promise.all([polite.link.handleOffer(byImpolite), impolite.link.handleOffer(byPolite)]);
    await settle();
    expect(types()).toEqual(['answer 2', 'offer 2']); // what it took back it says again
    await impolite.link.handleAnswer(offered(2));
    await impolite.link.handleOffer((sent[1] as { description: Description }).description);
    await polite.link.handleAnswer(offered(2));
    expect([polite.pc.signalingState, impolite.pc.signalingState]).toEqual(['stable', 'stable']);
    expect(events).toEqual(['connected', 'connected']);
  });

  it('restarts ICE when it is interrupted', async () => {
    const { link, pc } = open(false);
    await settle();
    await link.handleAnswer(offered(1));
    pc.become('connected');
    pc.become('disconnected');
    await clock.advance(1500);
    expect(pc.restarts).toBe(1);
    expect(types()).toEqual(['offer 1', 'offer 2']);
  });

  it('says nothing more after it was closed', async () => {
    const { link, pc } = open(false);
    link.close();
    await settle();
    await link.handleOffer(offered(1));
    pc.become('failed');
    await clock.advance(20_000);
    expect([...types(), ...events]).toEqual([]);
  });
});
