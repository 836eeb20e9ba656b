import { beforeEach, describe, expect, it } from 'vitest';
import { settle } from '../../test/fakes/clock.js';
import {
  createPeerConnection,
  type FakePeerConnection,
  type FakeTransceiver,
  fake,
  track,
} from '../../test/fakes/webrtc.js';
import type { VideoEncoding } from './send-section.js';
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

  it('uses a section again for as many encodings, with other limits', async () => {
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
    sends.setWatched('cam', ['q']);
    sends.remove('cam');
    await settle();
    expect(section(1).direction).toBe('inactive');
    sends.add('again', 'video', track('video'), LAYERS);
    await settle();
    expect(pc.transceivers).toHaveLength(2);
    expect(section(1)).toMatchObject({ direction: 'sendonly' });
    expect(section(1).sender.active).toEqual(['q', 'h', 'f']);
    sends.remove('again');
    sends.add('smaller', 'video', track('video'), LAYERS.slice(1));
    expect(pc.transceivers).toHaveLength(3);
  });

  it('stops a section whose encodings the browser gave up', async () => {
    sends.add('cam', 'video', track('video'), LAYERS);
    sends.remove('cam');
    await settle();
    section(0).sender.encodings.length = 1;
    sends.add('again', 'video', track('video'), LAYERS);
    expect(section(0).direction).toBe('stopped');
    expect(section(1).sender.active).toEqual(['q', 'h', 'f']);
    sends.remove('again');
    sends.add('once more', 'video', track('video'), LAYERS);
    expect(pc.transceivers).toHaveLength(2);
  });

  it('gives another track the bits that it is worth, in the same sections', async () => {
    sends.add('cam', 'video', track('video'), LAYERS);
    sends.setWatched('cam', ['q', 'h']);
    await settle();
    await sends.replace(
      'cam',
      track('video'),
      LAYERS.map((layer) => ({ ...layer, maxBitrate: layer.maxBitrate * 4 })),
    );
    await settle();
    const rates = () => section(0).sender.encodings.map(({ maxBitrate }) => maxBitrate);
    expect(rates()).toEqual([400, 1600, 6400]);
    expect(section(0).sender.active).toEqual(['q', 'h']);
    expect(pc.transceivers).toHaveLength(1);
    await sends.replace('cam', track('video'), LAYERS.slice(1));
    await sends.replace('cam', null);
    await settle();
    expect(rates()).toEqual([400, 400, 1600]);
  });

  it('sends without layers where the browser has none, or the codec in use', async () => {
    const layered = LAYERS.map((layer) => ({ ...layer, scalabilityMode: 'L1T3' }));
    const add = pc.addTransceiver.bind(pc);
    pc.addTransceiver = (what, init) => {
      const encodings: VideoEncoding[] = init.sendEncodings ?? [];
      if (encodings.some(({ scalabilityMode }) => scalabilityMode)) throw new DOMException('layers', 'OperationError');
      return add(what, init);
    };
    sends.add('cam', 'video', track('video'), layered);
    expect(section(0).sender.encodings).toMatchObject(LAYERS);
    expect(section(0).sender.encodings[0]).not.toHaveProperty('scalabilityMode');

    pc.addTransceiver = add;
    sends.add('screen', 'video', track('video'), layered);
    const { sender } = section(1);
    const set = sender.setParameters.bind(sender);
    sender.setParameters = async (parameters) => {
      if (parameters.encodings.some((encoding) => 'scalabilityMode' in encoding && encoding.scalabilityMode === 'L1T3'))
        throw new DOMException('not in this codec', 'InvalidModificationError');
      await set(parameters);
    };
    for (const encoding of sender.encodings) Object.assign(encoding, { scalabilityMode: 'L1T1' });
    sends.setWatched('screen', ['h']);
    await settle();
    expect(sender.active).toEqual(['h']);
  });

  it('does not mind that the connection is closed', async () => {
    sends.add('cam', 'video', track('video'), LAYERS);
    section(0).sender.setParameters = () => Promise.reject(new DOMException('closed', 'InvalidStateError'));
    sends.setWatched('cam', ['q']);
    await sends.refresh();
    await settle();
  });
});
