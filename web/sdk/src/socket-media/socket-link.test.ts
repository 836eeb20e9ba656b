import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { settle } from '../../test/fakes/clock.js';
import { track } from '../../test/fakes/webrtc.js';
import { RoomError } from '../common/room-error.js';
import type { MediaChunk } from '../wire/generated.js';
import { SocketLink } from './socket-link.js';

/** What a fake track brings; a frame counts how often it was closed. */
class FakeFrame {
  static open = 0;
  readonly displayWidth: number;
  readonly displayHeight: number;
  readonly timestamp: number;
  constructor(from: { displayWidth: number; displayHeight: number }, { timestamp = 0 } = {}) {
    this.displayWidth = from.displayWidth;
    this.displayHeight = from.displayHeight;
    this.timestamp = timestamp;
    FakeFrame.open += 1;
  }
  close() {
    FakeFrame.open -= 1;
  }
}

/** Gives out each frame at once, as a chunk of one byte. */
class FakeEncoder {
  static all: FakeEncoder[] = [];
  state = 'unconfigured';
  encodeQueueSize = 0;
  config: { width?: number; height?: number } = {};
  readonly ports: { output(chunk: unknown): void };
  constructor(ports: { output(chunk: unknown): void }) {
    this.ports = ports;
    FakeEncoder.all.push(this);
  }
  configure(config: object) {
    [this.state, this.config] = ['configured', config];
  }
  encode(frame: FakeFrame, { keyFrame = false } = {}) {
    const type = keyFrame ? 'key' : 'delta';
    this.ports.output({ type, timestamp: frame.timestamp, byteLength: 1, copyTo: (to: Uint8Array) => to.fill(7) });
  }
  close() {
    this.state = 'closed';
  }
}

class FakeDecoder {
  static all: FakeDecoder[] = [];
  static broken = false;
  state = 'unconfigured';
  decodeQueueSize = 0;
  decoded: string[] = [];
  readonly ports: { output(frame: unknown): void; error(error: unknown): void };
  constructor(ports: { output(frame: unknown): void; error(error: unknown): void }) {
    this.ports = ports;
    FakeDecoder.all.push(this);
  }
  configure() {
    this.state = 'configured';
  }
  decode(chunk: { type: string }) {
    this.decoded.push(chunk.type);
    if (FakeDecoder.broken) {
      this.state = 'closed';
      return this.ports.error(new Error('broken'));
    }
    this.ports.output(new FakeFrame({ displayWidth: 64, displayHeight: 48 }));
  }
  close() {
    this.state = 'closed';
  }
}

class FakeProcessor {
  static write: (frame: FakeFrame) => void = () => undefined;
  readonly readable = new ReadableStream<FakeFrame>({
    start: (controller) => {
      FakeProcessor.write = (frame) => controller.enqueue(frame);
    },
    cancel: () => {
      FakeProcessor.write = (frame) => frame.close();
    },
  });
}

class FakeGenerator {
  readonly kind = 'video';
  readonly writable = new WritableStream<FakeFrame>({ write: (frame) => frame.close() });
  stop() {}
}

describe('SocketLink', () => {
  let sent: MediaChunk[];
  let buffered: number;
  let refused: unknown;
  let refreshed: string[];
  let events: string[];
  let link: SocketLink;

  beforeEach(async () => {
    for (const [name, part] of Object.entries({
      VideoFrame: FakeFrame,
      VideoEncoder: FakeEncoder,
      VideoDecoder: FakeDecoder,
      EncodedVideoChunk: class {
        constructor(init: object) {
          Object.assign(this, init);
        }
      },
      MediaStreamTrackProcessor: FakeProcessor,
      MediaStreamTrackGenerator: FakeGenerator,
    }))
      vi.stubGlobal(name, part);
    [sent, refreshed, events, buffered, refused] = [[], [], [], 0, null];
    [FakeEncoder.all, FakeDecoder.all, FakeDecoder.broken, FakeFrame.open] = [[], [], false, 0];
  });
  afterEach(() => vi.unstubAllGlobals());

  const open = async () => {
    link = new SocketLink({
      request: async (body) => {
        if (body.type === 'media_refresh') refreshed.push(body.publication);
        else if (refused) throw refused;
      },
      send: (chunk) => sent.push(chunk),
      buffered: () => buffered,
    });
    link.addEventListener('state', ({ state }) => events.push(state));
    link.addEventListener('track', ({ publication, rtp }) => events.push(`${publication} ${rtp}`));
    link.addEventListener('fault', ({ error }) => events.push(error.code));
    await settle();
  };
  const paint = async (width = 640, height = 480) => {
    FakeProcessor.write(new FakeFrame({ displayWidth: width, displayHeight: height }));
    await settle();
  };
  const comes = (key: boolean, publication = 'cam') =>
    link.handleMessage({
      type: 'media_chunk',
      seq: 0,
      publication,
      codec: 'vp8',
      key,
      time: 1,
      bytes: new Uint8Array([1]),
    });

  it('sends a key frame first, another when it is wanted, and times that rise', async () => {
    await open();
    link.publish('own', 'video', track('video'));
    for (let n = 0; n < 3; n++) await paint();
    link.handleMessage({ type: 'key_frame_wanted', seq: 1, publication: 'own' });
    await paint();
    expect(sent.map(({ key }) => key)).toEqual([true, false, false, true]);
    expect(sent[0]).toMatchObject({ type: 'media_chunk', publication: 'own', codec: 'vp8', level: null });
    const times = sent.map(({ time }) => time);
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
    expect(FakeFrame.open).toBe(0);
  });

  it('encodes nothing while the socket is full, and no key frame is needed after it', async () => {
    await open();
    link.publish('own', 'video', track('video'));
    await paint();
    buffered = 1_000_000;
    await paint();
    buffered = 0;
    await paint();
    expect(sent.map(({ key }) => key)).toEqual([true, false]);
  });

  it('sends what is large in less, and begins with a key frame where the size changes', async () => {
    await open();
    link.publish('own', 'video', track('video'));
    await paint(1920, 1080);
    expect(FakeEncoder.all[0]?.config).toMatchObject({ width: 1280, height: 720 });
    await paint(1920, 1080);
    await paint(640, 480);
    expect(sent.map(({ key }) => key)).toEqual([true, false, true]);
  });

  it('sends nothing before the server has opened its side, nor after a track was taken away', async () => {
    const opened = open();
    await opened;
    link.publish('own', 'video', track('video'));
    await paint();
    await link.replace('own', null, []);
    await paint();
    expect(sent).toHaveLength(1);
    await link.replace('own', track('video'), []);
    await paint();
    expect(sent.map(({ key }) => key)).toEqual([true, true]);
    link.unpublish('own');
    link.handleMessage({ type: 'key_frame_wanted', seq: 1, publication: 'own' });
    await paint();
    expect(sent).toHaveLength(2);
  });

  it('shows a track when its first picture is decoded, and decodes nothing before a key frame', async () => {
    await open();
    comes(false);
    expect(events).toEqual(['connected']);
    comes(true);
    comes(false);
    await settle();
    expect(events).toEqual(['connected', 'cam null']);
    expect(link.incoming('cam')?.track.kind).toBe('video');
    expect(FakeDecoder.all[0]?.decoded).toEqual(['key', 'delta']);
    link.drop('cam');
    expect([link.incoming('cam'), FakeDecoder.all[0]?.state]).toEqual([null, 'closed']);
  });

  it('asks once for a key frame where the decoder fails, and goes on with it', async () => {
    await open();
    comes(true);
    FakeDecoder.broken = true;
    comes(false);
    comes(false);
    expect(refreshed).toEqual(['cam']);
    FakeDecoder.broken = false;
    comes(true);
    comes(false);
    expect(FakeDecoder.all.at(-1)?.decoded).toEqual(['key', 'delta']);
  });

  it('begins anew at a key frame where the decoder is too slow', async () => {
    await open();
    comes(true);
    const [slow] = FakeDecoder.all;
    if (slow) slow.decodeQueueSize = 31;
    comes(false);
    expect([refreshed, slow?.state]).toEqual([['cam'], 'closed']);
  });

  it('is dead where the server refuses, and tells why', async () => {
    refused = new RoomError('media_unavailable', 'no');
    await open();
    expect(events).toEqual(['media_unavailable', 'dead']);
    refused = new RoomError('session_gone', 'gone');
    events.length = 0;
    await open();
    expect(events).toEqual(['dead']);
  });

  it('is silent once it is retired', async () => {
    await open();
    link.publish('own', 'video', track('video'));
    link.retire();
    await paint();
    comes(true);
    expect([sent, link.incoming('cam')]).toEqual([[], null]);
    link.close();
  });
});
