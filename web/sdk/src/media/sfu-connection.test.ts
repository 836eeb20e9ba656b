import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../test/fakes/clock.js';
import { createPeerConnection, type FakePeerConnection, fake, track } from '../../test/fakes/webrtc.js';
import { deferred } from '../common/deferred.js';
import { RoomError } from '../common/room-error.js';
import type { ServerOffer } from './sfu-connection.js';
import { SfuConnection } from './sfu-connection.js';

describe('SfuConnection', () => {
  let clock: FakeClock;
  let offers: (ServerOffer & { answer: () => void; refuse: (error: RoomError) => void })[];
  let sfu: SfuConnection;
  let pc: FakePeerConnection;
  let events: string[];

  beforeEach(async () => {
    clock = new FakeClock();
    offers = [];
    events = [];
    sfu = new SfuConnection(
      {},
      {
        clock,
        createPeerConnection,
        offer: (offer) => {
          const { promise, resolve, reject } = deferred<{ sdp: string }>();
          offers.push({ ...offer, answer: () => resolve({ sdp: `answer ${offer.serial}` }), refuse: reject });
          return promise;
        },
      },
    );
    pc = fake(sfu.pc);
    sfu.addEventListener('track', ({ publication, reused }) =>
      events.push(`+${publication}${reused ? ' reused' : ''}`),
    );
    sfu.addEventListener('untrack', ({ publication }) => events.push(`-${publication}`));
    sfu.addEventListener('state', ({ state }) => events.push(state));
    sfu.addEventListener('fault', ({ error }) => events.push(`fault:${error.code}`));
    await settle();
  });

  const answer = async () => {
    offers.at(-1)?.answer();
    await settle();
  };

  it('begins with a data channel only, as serial 1', () => {
    expect(pc.channels).toEqual(['tertulia']);
    expect(pc.transceivers).toEqual([]);
    expect(offers).toMatchObject([{ serial: 1, publications: {} }]);
  });

  it('has one offer in flight, and puts all that changes meanwhile into the next', async () => {
    sfu.publish('cam', 'video', track('video'));
    sfu.publish('mic', 'audio', track('audio'));
    sfu.requireSections(3, 4);
    await settle();
    expect(offers).toHaveLength(1);
    await answer();
    expect(offers).toHaveLength(2);
    expect(offers[1]).toMatchObject({ serial: 2, publications: { 0: 'cam', 1: 'mic' } });
    expect(pc.transceivers.map(({ direction }) => direction)).toEqual([
      'sendonly',
      'sendonly',
      ...Array(7).fill('recvonly'),
    ]);
    await answer();
    expect(offers).toHaveLength(2);
    expect(pc.remoteDescription?.sdp).toBe('answer 2');
  });

  it('offers nothing once another connection has taken its place', async () => {
    await answer();
    sfu.restart();
    sfu.negotiate();
    await settle(1);
    sfu.retire();
    await settle();
    expect(offers).toHaveLength(1);
  });

  it('names only sections that are in the offer', async () => {
    await answer();
    sfu.publish('cam', 'video', track('video'));
    await settle(2);
    sfu.publish('late', 'audio', track('audio'));
    await settle();
    await answer();
    expect(offers.at(-1)?.publications).toEqual({ 0: 'cam', 1: 'late' });
  });

  it('uses the section of an ended publication again for the next of its kind', async () => {
    await answer();
    sfu.publish('cam', 'video', track('video'));
    await settle();
    await answer();
    sfu.unpublish('cam');
    await settle();
    expect(pc.byMid('0').direction).toBe('inactive');
    expect(pc.byMid('0').sender.track).toBeNull();
    expect(offers.at(-1)?.publications).toEqual({});
    await answer();
    const screen = track('video');
    sfu.publish('mic', 'audio', track('audio'));
    sfu.publish('screen', 'video', screen);
    await settle();
    expect(pc.transceivers).toHaveLength(2);
    expect(pc.byMid('0')).toMatchObject({ direction: 'sendonly', sender: { track: screen } });
    expect(offers.at(-1)?.publications).toEqual({ 0: 'screen', 1: 'mic' });
  });

  it('tells what is bound to a section, what is not any more, and that a section was used before', async () => {
    sfu.requireSections(0, 2);
    await answer();
    sfu.handleBind('0', 'bob-cam'); // before the answer to the offer that made the section
    await answer();
    sfu.handleBind('0', 'cy-cam');
    sfu.handleBind('1', 'bob-cam');
    sfu.handleBind('0', null);
    sfu.handleBind('7', 'nowhere');
    expect(events).toEqual(['+bob-cam', '-bob-cam', '+cy-cam reused', '+bob-cam', '-cy-cam']);
    expect(sfu.incoming('bob-cam')?.track).toBe(pc.byMid('1').receiver.track);
    expect(sfu.incoming('cy-cam')).toBeNull();
  });

  it('adds sections up to the total that is needed', async () => {
    sfu.requireSections(3, 4);
    await answer();
    await answer();
    sfu.requireSections(3, 8);
    await settle();
    expect(offers.at(-1)?.serial).toBe(3);
    expect(pc.transceivers).toHaveLength(11);
    await answer();
    sfu.requireSections(2, 8);
    await settle();
    expect(offers).toHaveLength(3);
  });

  it('restarts ICE in trouble, and is dead after 10 s of it', async () => {
    await answer();
    pc.become('connected');
    pc.become('disconnected');
    await clock.advance(1499);
    expect(pc.restarts).toBe(0);
    await clock.advance(1);
    expect(pc.restarts).toBe(1);
    expect(offers.at(-1)?.serial).toBe(2);
    pc.become('connected');
    pc.become('failed');
    await clock.advance(0);
    expect(pc.restarts).toBe(2);
    await clock.advance(10_000);
    expect(events).toEqual(['connected', 'trouble', 'connected', 'trouble', 'dead']);
  });

  it('restarts ICE at once in another network, also while an offer is on its way', async () => {
    sfu.restart();
    await settle();
    expect([pc.restarts, offers.length]).toEqual([0, 1]); // the first one is on its way
    await answer();
    pc.become('connected');
    sfu.publish('cam', 'video', track('video'));
    await settle();
    pc.become('disconnected');
    await clock.advance(500);
    sfu.restart();
    expect(pc.restarts).toBe(1);
    await answer();
    expect(offers.map(({ serial }) => serial)).toEqual([1, 2, 3]);
    await clock.advance(9999);
    expect(pc.restarts).toBe(1);
    expect(events).toEqual(['connected', 'trouble']);
    await clock.advance(1);
    expect(events.at(-1)).toBe('dead');
  });

  it('is dead when the server has no use for its offers', async () => {
    await answer();
    sfu.publish('cam', 'video', track('video'));
    await settle();
    offers.at(-1)?.refuse(new RoomError('stale_offer', ''));
    await settle();
    expect(events).toEqual(['fault:stale_offer', 'dead']);
    expect(sfu.state).toBe('dead');
  });

  it('offers anew, without a word, when what it named had ended on the way', async () => {
    await answer();
    sfu.publish('cam', 'video', track('video'));
    await settle();
    sfu.unpublish('cam');
    offers.at(-1)?.refuse(new RoomError('no_such_publication', ''));
    await settle();
    expect(events).toEqual([]);
    expect(offers.at(-1)).toMatchObject({ serial: 3, publications: {} });
  });

  it('goes on as before when a section is refused', async () => {
    await answer();
    sfu.publish('cam', 'video', track('video'));
    await settle();
    offers.at(-1)?.refuse(new RoomError('no_common_codec', ''));
    await settle();
    expect(events).toEqual(['fault:no_common_codec']);
    expect(pc.signalingState).toBe('stable');
  });
});
