import { RoomError } from 'tertulia-client';
import { expect, test, vi } from 'vitest';
import { FakeWorld } from '../../test/fakes/doctor.ts';
import { askDevice, tryDevice } from './devices.ts';

test.each([
  ['granted', { state: 'ok', detail: {} }],
  ['prompt', { state: 'skipped', detail: {} }],
  ['denied', { state: 'warning', detail: { reason: 'denied' } }],
  ['no-device', { state: 'warning', detail: { reason: 'no-device' } }],
] as const)('%s, without asking the person', async (state, outcome) => {
  const world = new FakeWorld();
  world.device = state;
  expect(await askDevice('camera', world.tools)).toEqual(outcome);
});

test('a device that opens is let go at once', async () => {
  const stop = vi.fn();
  const camera = async () => ({ stop }) as unknown as MediaStreamTrack;
  expect(await tryDevice('camera', { camera, microphone: camera })).toEqual({ state: 'ok', detail: {} });
  expect(stop).toHaveBeenCalledOnce();
});

test.each([
  [new RoomError('in-use', ''), 'in-use'],
  [new RoomError('closed', ''), 'error'],
  [new Error('odd'), 'error'],
])('one that does not open is no reason to stay away: %s', async (error, reason) => {
  const refuse = () => Promise.reject(error);
  expect(await tryDevice('microphone', { camera: refuse, microphone: refuse })).toEqual({
    state: 'warning',
    detail: { reason },
  });
});
