import { beforeEach, describe, expect, it } from 'vitest';
import { settle } from '../../test/fakes/clock.js';
import {
  createPeerConnection,
  type FakePeerConnection,
  type FakeTransceiver,
  fake,
  track,
} from '../../test/fakes/webrtc.js';
import { SendSections } from './send-sections.js';

const LAYERS = [
  { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 100 },
  { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 400 },
  { rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 1600 },
];

describe('SendSections', () => {
  let pc: FakePeerConnection;
  let sends: SendSections;

  beforeEach(() => {
    const connection = createPeerConnection({});
    pc = fake(connection);
    sends = new SendSections(connection);
  });

  const section = (index: number) => pc.transceivers[index] as FakeTransceiver;

  it('sends the encodings that it is given, and leaves it to the browser where there are none', () => {
    sends.add('cam', 'video', track('video'), LAYERS);
    sends.add('mic', 'audio', track('audio'));
    expect(section(0).sender.encodings).toMatchObject(LAYERS);
    expect(section(1).sender.encodings).toEqual([{ active: true }]);
  });

  it('sends only what is watched', async () => {
    sends.add('cam', 'video', track('video'), LAYERS);
    sends.setWatched('cam', ['q']);
    await settle();
    expect(section(0).sender.active).toEqual(['q']);
    sends.setWatched('cam', []);
    await settle();
    expect(section(0).sender.active).toEqual([]);
    sends.setWatched('gone', ['q']);
    sends.setWatched('cam', ['q', 'h', 'f']);
    await settle();
    expect(section(0).sender.active).toEqual(['q', 'h', 'f']);
  });

  it('never sends what its owner turned off, whoever watches', async () => {
    const off = LAYERS.map((layer) => ({ ...layer, active: layer.rid !== 'f' }));
    sends.add('cam', 'video', track('video'), off);
    sends.setWatched('cam', ['q', 'f']);
    await settle();
    expect(section(0).sender.active).toEqual(['q']);
  });

  it('puts right after an answer what the answer changed, and touches nothing else', async () => {
    sends.add('cam', 'video', track('video'), LAYERS);
    sends.setWatched('cam', ['q', 'h']);
    await settle();
    const { sender } = section(0);
    expect(sender.changes).toBe(1);
    sends.settle();
    await settle();
    expect(sender.changes).toBe(1);
    for (const encoding of sender.encodings) encoding.active = true;
    sends.settle();
    await settle();
    expect(sender.active).toEqual(['q', 'h']);
  });

  it('begins pictures anew with what is watched, also when that changes at the same moment', async () => {
    sends.add('cam', 'video', track('video'), LAYERS);
    sends.add('mic', 'audio', track('audio'));
    const refreshed = sends.refresh();
    sends.setWatched('cam', ['q']);
    await refreshed;
    await settle();
    expect(section(0).sender.keyFrames).toBe(1);
    expect(section(0).sender.active).toEqual(['q']);
    expect(section(1).sender.changes).toBe(0);
  });

  it('uses a section with one encoding again, with other limits, and one with several never', async () => {
    sends.add('screen', 'video', track('video'), [{ maxFramerate: 15, scaleResolutionDownBy: 2 }]);
    sends.remove('screen');
    sends.add('cam', 'video', track('video'), LAYERS);
    sends.add('small', 'video', track('video'), [{ maxBitrate: 50 }]);
    await settle();
    expect(pc.transceivers).toHaveLength(2);
    expect(section(0)).toMatchObject({ direction: 'sendonly' });
    expect(JSON.parse(JSON.stringify(section(0).sender.encodings))).toEqual([
      { scaleResolutionDownBy: 1, maxBitrate: 50, active: true },
    ]);
    sends.remove('cam');
    expect(section(1).direction).toBe('stopped');
    sends.add('again', 'video', track('video'), LAYERS);
    expect(pc.transceivers).toHaveLength(3);
    expect(section(2).sender.active).toEqual(['q', 'h', 'f']);
  });

  it('does not mind that the connection is closed', async () => {
    sends.add('cam', 'video', track('video'), LAYERS);
    section(0).sender.setParameters = () => Promise.reject(new DOMException('closed', 'InvalidStateError'));
    sends.setWatched('cam', ['q']);
    await sends.refresh();
    await settle();
  });
});
