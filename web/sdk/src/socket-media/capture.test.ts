import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { track } from '../../test/fakes/webrtc.js';
import { type Capture, capturePictures, captureSound } from './capture.js';

/** A frame or a piece of sound; counts how many are open. */
class FakePiece {
  static open = 0;
  readonly timestamp: number;
  constructor(...init: { timestamp?: number }[]) {
    this.timestamp = init.at(-1)?.timestamp ?? 0;
    FakePiece.open += 1;
  }
  close() {
    FakePiece.open -= 1;
  }
}

class FakeVideo {
  static blocked: Error | null = null;
  readonly HAVE_CURRENT_DATA = 2;
  readyState = 2;
  srcObject: unknown = null;
  shown: (() => void) | null = null;
  async play() {
    if (FakeVideo.blocked) throw FakeVideo.blocked;
  }
  requestVideoFrameCallback(callback: () => void) {
    this.shown = callback;
    return 1;
  }
  cancelVideoFrameCallback() {
    this.shown = null;
  }
}

class FakeContext {
  static last: FakeContext | null = null;
  closed = false;
  readonly tap: { onaudioprocess: ((event: unknown) => void) | null; connect(): void; disconnect(): void } = {
    onaudioprocess: null,
    connect: () => undefined,
    disconnect: () => undefined,
  };
  constructor() {
    FakeContext.last = this;
  }
  createMediaStreamSource() {
    return { connect: () => this.tap, disconnect: () => undefined };
  }
  createScriptProcessor() {
    return this.tap;
  }
  async close() {
    this.closed = true;
  }
}

it('tells its sender of a track that is refused at once, unless it is stopped before', async () => {
  class Refusing {
    constructor() {
      throw new TypeError('ended');
    }
  }
  vi.stubGlobal('MediaStreamTrackProcessor', Refusing);
  const faults: unknown[] = [];
  const failed = (error: unknown) => faults.push(String(error));
  capturePictures(track('video'), () => undefined, failed);
  captureSound(track('audio'), () => undefined, failed);
  captureSound(track('audio'), () => undefined, failed).stop();
  await Promise.resolve();
  expect(faults).toEqual(['TypeError: ended', 'TypeError: ended']);
  vi.unstubAllGlobals();
});

describe('where a page cannot read a track', () => {
  let video: FakeVideo;
  let taken: number;
  let faults: unknown[];
  let capture: Capture;

  beforeEach(() => {
    vi.useFakeTimers();
    video = new FakeVideo();
    [FakePiece.open, FakeVideo.blocked, taken, faults] = [0, null, 0, []];
    vi.stubGlobal('document', { createElement: () => video });
    for (const [name, part] of Object.entries({
      MediaStream: class {},
      VideoFrame: FakePiece,
      AudioData: FakePiece,
      AudioContext: FakeContext,
    }))
      vi.stubGlobal(name, part);
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  const open = async () => {
    capture = capturePictures(
      track('video'),
      () => {
        taken += 1;
      },
      (error) => faults.push(error),
    );
    await vi.advanceTimersByTimeAsync(0);
  };

  it('takes each picture that is shown, once, until it is stopped', async () => {
    await open();
    for (let n = 0; n < 3; n++) video.shown?.();
    expect([taken, FakePiece.open]).toEqual([3, 0]);
    capture.stop();
    expect([video.shown, video.srcObject]).toEqual([null, null]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(taken).toBe(3);
  });

  it('takes one a second where the page is not seen, and none before there is one', async () => {
    await open();
    video.readyState = 1;
    await vi.advanceTimersByTimeAsync(2000);
    expect(taken).toBe(0);
    video.readyState = 2;
    await vi.advanceTimersByTimeAsync(3000);
    expect(taken).toBe(3);
  });

  it('tells what goes wrong, and nothing of what does after its end', async () => {
    FakeVideo.blocked = new Error('blocked');
    await open();
    expect(faults).toEqual([FakeVideo.blocked]);
    faults.length = 0;
    const opened = open();
    capture.stop();
    await opened;
    expect(faults).toEqual([]);
  });

  it('hears what is played, with its time, until it is stopped', () => {
    const times: number[] = [];
    capture = captureSound(
      track('audio'),
      ({ timestamp }) => times.push(timestamp),
      () => undefined,
    );
    const inputBuffer = { getChannelData: () => new Float32Array(1024), sampleRate: 44_100, length: 1024 };
    FakeContext.last?.tap.onaudioprocess?.({ inputBuffer, playbackTime: 1.5 });
    FakeContext.last?.tap.onaudioprocess?.({ inputBuffer, playbackTime: 1.75 });
    expect([times, FakePiece.open]).toEqual([[1_500_000, 1_750_000], 0]);
    capture.stop();
    expect([FakeContext.last?.tap.onaudioprocess, FakeContext.last?.closed]).toEqual([null, true]);
  });

  it('tells once that sound cannot be taken any more', () => {
    const broken = new Error('closed');
    const take = () => {
      throw broken;
    };
    capture = captureSound(track('audio'), take, (error) => faults.push(error));
    const inputBuffer = { getChannelData: () => new Float32Array(1024), sampleRate: 44_100, length: 1024 };
    for (let n = 0; n < 3; n++) FakeContext.last?.tap.onaudioprocess?.({ inputBuffer, playbackTime: n });
    expect([faults, FakePiece.open]).toEqual([[broken], 0]);
  });
});
