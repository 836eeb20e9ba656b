import { describe, expect, it } from 'vitest';
import { FakeMediaStream, FakeTrack } from '../../test/fakes/webrtc.js';
import { exchangeTrack } from './exchange-track.js';

/**
 * A stream and the `<video>` of Firefox that plays it: a picture is taken only when it is added while none is shown, and with its last live
 * track the element ends.
 */
class Played extends FakeMediaStream {
  shown: FakeTrack | null = null;
  ended = false;
  readonly added: FakeTrack[] = [];

  override addTrack(track: FakeTrack): void {
    super.addTrack(track);
    this.added.push(track);
    if (track.readyState === 'live') this.shown ??= track;
  }

  override removeTrack(track: FakeTrack): void {
    super.removeTrack(track);
    if (this.shown === track) this.shown = null;
    this.ended ||= !this.getTracks().some(({ readyState }) => readyState === 'live');
  }
}

function exchange(streams: FakeMediaStream[], old: FakeTrack | null, next: FakeTrack | null): void {
  exchangeTrack(
    streams as unknown as MediaStream[],
    old as unknown as MediaStreamTrack | null,
    next as unknown as MediaStreamTrack | null,
  );
}

describe('exchangeTrack', () => {
  it('is followed by a video that takes only what is added while it shows nothing', () => {
    const [red, blue] = [new FakeTrack('video'), new FakeTrack('video')];
    const streams = [new Played(), new Played()];
    exchange(streams, null, red);
    exchange(streams, red, blue);
    for (const { shown, ended } of streams) expect([shown, ended]).toEqual([blue, false]);
    exchange(streams, blue, red);
    for (const { shown, ended } of streams) expect([shown, ended]).toEqual([red, false]);
  });

  it('is followed where the old picture has ended already', () => {
    const [red, blue] = [new FakeTrack('video'), new FakeTrack('video')];
    const stream = new Played();
    exchange([stream], null, red);
    red.end();
    stream.shown = null;
    exchange([stream], red, blue);
    expect(stream.shown).toBe(blue);
  });

  it('leaves nothing behind that runs but the next track', () => {
    const [red, blue] = [new FakeTrack('video'), new FakeTrack('video')];
    const stream = new Played();
    exchange([stream], null, red);
    exchange([stream], red, blue);
    expect(stream.getTracks()).toEqual([blue]);
    expect(stream.added.filter(({ readyState }) => readyState === 'live')).toEqual([red, blue]);
    exchange([stream], blue, null);
    expect(stream.getTracks()).toEqual([]);
  });

  it('exchanges a sound for the next one, with nothing besides', () => {
    const [low, high] = [new FakeTrack('audio', 'low'), new FakeTrack('audio', 'high')];
    const stream = new FakeMediaStream([low]);
    exchange([stream], low, high);
    expect(stream.log).toEqual(['+high', '-low']);
  });
});
