import { expect, it } from 'vitest';
import { encodingsOf } from './encodings.js';

const form = (width: number, height: number, options = {}) =>
  encodingsOf('camera', { width, height }, options).map(
    ({ rid, scaleResolutionDownBy }) => `${rid}/${scaleResolutionDownBy}`,
  );

it('sends a camera in three sizes, the lowest first, and a small one in fewer', () => {
  expect(form(1280, 720)).toEqual(['q/4', 'h/2', 'f/1']);
  expect(form(960, 540)).toEqual(['q/4', 'h/2', 'f/1']);
  expect(form(640, 480)).toEqual(['h/2', 'f/1']);
  expect(form(480, 640)).toEqual(['h/2', 'f/1']);
  expect(form(480, 360)).toEqual(['h/2', 'f/1']);
  expect(form(320, 240)).toEqual(['undefined/undefined']);
  expect(form(0, 0)).toEqual(['h/2', 'f/1']);
});

it('gives each size the bits that it is worth', () => {
  const kbps = (width: number, height: number) =>
    encodingsOf('camera', { width, height }, {}).map(({ maxBitrate = 0 }) => Math.round(maxBitrate / 1000));
  expect(kbps(1280, 720)).toEqual([206, 718, 2500]);
  expect(kbps(640, 360)).toEqual([206, 718]);
});

it('sends a screen as one stream, for it is there to be read', () => {
  const size = { width: 1920, height: 1080 };
  expect(encodingsOf('screen', size, {})).toEqual([{ maxFramerate: 15, scalabilityMode: 'L1T3' }]);
  expect(encodingsOf('screen', size, { simulcast: true })).toHaveLength(3);
});

it('has temporal layers in each stream, and sizes in one where the codec makes them', () => {
  const size = { width: 1280, height: 720 };
  const modes = (options = {}) => encodingsOf('camera', size, options).map(({ scalabilityMode }) => scalabilityMode);
  expect(modes()).toEqual(['L1T3', 'L1T3', 'L1T3']);
  expect(modes({ scalabilityMode: 'L1T1' })).toEqual(['L1T1', 'L1T1', 'L1T1']);
  expect(encodingsOf('camera', size, { scalabilityMode: 'L3T3_KEY', codec: 'vp9' })).toEqual([
    { scalabilityMode: 'L3T3_KEY', codec: { mimeType: 'video/VP9' } },
  ]);
});

it('does what it is told', () => {
  expect(encodingsOf('camera', { width: 1280, height: 720 }, { simulcast: false })).toEqual([
    { scalabilityMode: 'L1T3' },
  ]);
  const videoEncodings = [{ scalabilityMode: 'L3T3_KEY' }];
  expect(encodingsOf('camera', { width: 1280, height: 720 }, { videoEncodings })).toBe(videoEncodings);
});
