import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeNetwork, type Relay } from '../../test/fakes/webrtc.ts';
import { throughRelay } from './relay.ts';
import type { Tools } from './tools.ts';

const URL = 'turn:meet.example.org:443?transport=tcp';
let network: FakeNetwork;

beforeEach(() => {
  vi.useFakeTimers();
  network = new FakeNetwork();
});
afterEach(() => void vi.useRealTimers());

async function tried(relay: Relay | null, signal = new AbortController().signal) {
  if (relay !== null) network.relays.set(URL, relay);
  let now = 0;
  const tools = { createPeerConnection: network.create, now: () => (now += 7) } as unknown as Tools;
  const trying = throughRelay('tcp', { urls: URL, username: 'u', credential: 'c' }, tools, signal);
  const settled = Promise.allSettled([trying]);
  await vi.advanceTimersByTimeAsync(10_000);
  const [outcome] = await settled;
  expect(network.open).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
  return outcome;
}

const at = 'meet.example.org:443';

test('it works when bytes came back as they were', async () => {
  const value = { state: 'ok', detail: { road: 'tcp', relayed: true, rtt: 7, at } };
  expect(await tried('carries')).toEqual({ status: 'fulfilled', value });
  expect(network.made).toBe(2);
});

test.each<[Relay | null, object]>([
  ['swallows', { reason: 'timeout', at }],
  ['garbles', { reason: 'unreachable', at }],
  [null, { reason: 'timeout', at }],
  [401, { reason: 'credentials', at, error: '401 said the server' }],
  [486, { reason: 'quota', at, error: '486 said the server' }],
  [701, { reason: 'unreachable', at, error: '701 said the server' }],
])('it does not where the relay does this: %s', async (relay, detail) => {
  expect(await tried(relay)).toEqual({ status: 'fulfilled', value: { state: 'failed', detail } });
});

test('whoever leaves meanwhile leaves nothing open', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error('left')), 100);
  expect(await tried(null, stop.signal)).toMatchObject({ status: 'rejected', reason: { message: 'left' } });
});
