import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeNetwork } from '../../test/fakes/webrtc.ts';
import { seeAddress } from './stun.ts';
import type { Tools } from './tools.ts';

const [ONE, TWO] = ['stun:one.example', 'stun:two.example'] as const;
let network: FakeNetwork;

beforeEach(() => {
  vi.useFakeTimers();
  network = new FakeNetwork();
});
afterEach(() => void vi.useRealTimers());

async function look(...urls: string[]) {
  const tools = { createPeerConnection: network.create } as unknown as Tools;
  const looking = seeAddress(
    urls.map((url) => ({ urls: url })),
    tools,
    new AbortController().signal,
  );
  await vi.advanceTimersByTimeAsync(6000);
  const outcome = await looking;
  expect(network.open).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
  return outcome;
}

const at = 'one.example:3478';

test('behind a router the address from outside is shown', async () => {
  network.seen.set(ONE, ['198.51.100.7 40000']);
  expect(await look(ONE)).toEqual({ state: 'ok', detail: { at, address: '198.51.100.7', nat: 'nat' } });
});

test('a browser that hides its own address does not tell whether there is a router', async () => {
  network.hosts = ['a7f3.local 50000'];
  network.seen.set(ONE, ['198.51.100.7 40000']);
  expect(await look(ONE)).toEqual({ state: 'ok', detail: { at, address: '198.51.100.7' } });
  network.seen.set(TWO, ['198.51.100.7 40001']);
  expect(await look(ONE, TWO)).toMatchObject({ detail: { nat: 'symmetric' } });
});

test('the same port for two servers is a good router', async () => {
  network.seen.set(ONE, ['198.51.100.7 40000']).set(TWO, ['198.51.100.7 40000']);
  expect(await look(ONE, TWO)).toMatchObject({ detail: { nat: 'nat' } });
});

test('another port for each server is a symmetric NAT', async () => {
  network.seen.set(ONE, ['198.51.100.7 40000']).set(TWO, ['198.51.100.7 40001']);
  expect(await look(ONE, TWO)).toMatchObject({ state: 'ok', detail: { nat: 'symmetric' } });
});

test('two sockets at two ports say nothing of the kind', async () => {
  network.hosts = ['192.168.1.5 50000', '10.0.0.5 50001', '2001:db8::5 50002'];
  network.seen.set(ONE, ['198.51.100.7 40000', '198.51.100.7 40001']);
  expect(await look(ONE)).toMatchObject({ detail: { nat: 'nat' } });
});

test('no other address than one’s own is no router at all', async () => {
  network.seen.set(ONE, []);
  expect(await look(ONE)).toEqual({ state: 'ok', detail: { at, nat: 'none' } });
});

test('a server that refuses or says nothing is not a missing router', async () => {
  network.seen.set(ONE, 701);
  expect(await look(ONE)).toEqual({ state: 'failed', detail: { at, reason: 'unreachable' } });
  network.seen.clear();
  expect(await look(ONE)).toEqual({ state: 'failed', detail: { at, reason: 'timeout' } });
});

test('of two servers one is enough', async () => {
  network.seen.set(TWO, ['198.51.100.7 40000']);
  expect(await look(ONE, TWO)).toMatchObject({ state: 'ok', detail: { address: '198.51.100.7' } });
});

test('without a server nothing is tried', async () => {
  expect(await look()).toEqual({ state: 'skipped', detail: { reason: 'not-offered' } });
  expect(network.made).toBe(0);
});
