import { beforeEach, expect, it, vi } from 'vitest';
import { FakeClock } from '../../test/fakes/clock.js';
import * as webrtc from '../../test/fakes/webrtc.js';
import { track } from '../../test/fakes/webrtc.js';
import { Receiver } from './receiver.js';

beforeEach(() => void vi.stubGlobal('MediaStream', webrtc.FakeMediaStream));

const rtp = { getStats: async () => new Map() } as unknown as RTCRtpReceiver;

it('lets nobody be heard who is muted, whatever he sends', () => {
  const receiver = new Receiver('audio', false, new FakeClock());
  const before = track('audio');
  receiver.handleIncoming('direct', 'direct', { publication: 'mic', track: before, rtp, reused: false });
  expect(before.enabled).toBe(true);
  receiver.setMuted(true);
  expect(before.enabled).toBe(false);
  const after = track('audio');
  receiver.handleIncoming('sfu', 'sfu', { publication: 'mic', track: after, rtp, reused: false });
  expect(after.enabled).toBe(false);
  receiver.setMuted(false);
  expect([before.enabled, after.enabled]).toEqual([true, true]);
});

it('takes a section over from somebody who was muted', () => {
  const section = track('audio');
  new Receiver('audio', true, new FakeClock()).handleIncoming('sfu', 'sfu', {
    publication: 'a',
    track: section,
    rtp,
    reused: false,
  });
  new Receiver('audio', false, new FakeClock()).handleIncoming('sfu', 'sfu', {
    publication: 'b',
    track: section,
    rtp,
    reused: true,
  });
  expect(section.enabled).toBe(true);
});
