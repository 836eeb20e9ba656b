import type { Room } from 'tertulia-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeWorld } from '../../test/fakes/doctor.ts';
import type { Check, CheckId } from './check.ts';
import { examine, type Findings } from './examine.ts';
import type { Target } from './target.ts';
import { verdictOf } from './verdict.ts';

const BASE = 'https://meet.example.org/rt/';
const [STUN, UDP, TCP, TLS] = [
  'stun:meet.example.org:3478',
  'turn:meet.example.org:3478?transport=udp',
  'turn:meet.example.org:443?transport=tcp',
  'turns:meet.example.org:443?transport=tcp',
] as const;
const SERVERS = {
  iceServers: [{ urls: [STUN] }, { urls: [UDP, TCP, TLS], username: '17:ana', credential: 'secret' }],
};
const jwt = (claims: object) => `a.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c`;

let world: FakeWorld;
let told: Findings[];

beforeEach(() => {
  vi.useFakeTimers();
  world = new FakeWorld();
  world.answer = { status: 200, body: SERVERS };
  world.network.seen.set(STUN, ['198.51.100.7 40000']);
  for (const url of [UDP, TCP, TLS]) world.network.relays.set(url, 'carries');
  told = [];
});
afterEach(() => void vi.useRealTimers());

async function examined(target: Partial<Target> = {}): Promise<Findings> {
  const examining = examine(
    { base: BASE, room: null, token: null, ...target },
    { name: 'Check', onChange: (next) => told.push(next), signal: new AbortController().signal, tools: world.tools },
  );
  await vi.advanceTimersByTimeAsync(60_000);
  const findings = await examining;
  expect(world.open).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
  expect(told.at(-1)).toEqual(findings);
  return findings;
}

const states = ({ checks }: Findings) => Object.fromEntries(checks.map(({ id, state }) => [id, state]));
const check = ({ checks }: Findings, id: CheckId) => checks.find((one) => one.id === id) as Check;

test('where all is well, everything is tried once and works', async () => {
  const findings = await examined();
  expect(states(findings)).toEqual({
    browser: 'ok',
    secure: 'ok',
    server: 'ok',
    socket: 'ok',
    media: 'ok',
    stun: 'ok',
    'turn-udp': 'ok',
    'turn-tcp': 'ok',
    'turn-tls': 'ok',
    camera: 'skipped',
    microphone: 'skipped',
  });
  expect(verdictOf(findings.checks)).toBe('udp');
  expect(check(findings, 'media').detail).toEqual({ road: 'udp', relayed: false, rtt: 12, at: '192.0.2.1:3478' });
  expect(check(findings, 'stun').detail).toMatchObject({ address: '198.51.100.7', nat: 'nat' });
  expect(findings.servers).toEqual({ udp: 'meet.example.org:3478', tcp: 'meet.example.org:443' });
});

test('it asks below the mount, as who may, and looks into nobody’s room', async () => {
  await examined({ room: 'tea' });
  expect(world.requests[0]?.url).toMatch(/^https:\/\/meet\.example\.org\/rt\/api\/v1\/ice-servers\?room=doctor-\w+$/);
  expect(world.requests[0]?.headers).toEqual({});
  expect(world.sockets).toMatchObject([{ url: 'wss://meet.example.org/rt/ws', protocol: 'tertulia.v1' }]);
  expect(world.rooms[0]?.address).toMatch(/^https:\/\/meet\.example\.org\/rt\/r\/doctor-\w+$/);
  expect(world.rooms[0]?.joined).toMatchObject({ name: 'Check', role: 'viewer' });
  const token = jwt({ room: 'tea & cake' });
  await examined({ token });
  expect(world.requests[1]).toEqual({
    url: `${BASE}api/v1/ice-servers?room=tea%20%26%20cake`,
    headers: { authorization: `Bearer ${token}` },
  });
  expect(world.rooms[1]).toMatchObject({ address: `${BASE}r/tea%20%26%20cake`, token });
});

test('a call that goes on is looked at, and not disturbed', async () => {
  const call = { roads: () => ({ sfu: world.connection() }) } as unknown as Room;
  const findings = await examined({ call, token: jwt({ room: 'tea', sub: 'ana' }) });
  expect(check(findings, 'media').state).toBe('ok');
  expect(world.rooms).toEqual([]);
});

test('a personal invitation does not put its bearer out of a call', async () => {
  const findings = await examined({ token: jwt({ room: 'tea', sub: 'ana' }) });
  expect(check(findings, 'media')).toMatchObject({ state: 'skipped', detail: { reason: 'personal' } });
  expect(world.rooms).toEqual([]);
  expect(verdictOf(findings.checks)).toBe('udp');
});

test('UDP is blocked: calls go by TCP', async () => {
  world.network.relays.delete(UDP);
  world.network.seen.delete(STUN);
  world.stats[2] = { id: 'l', type: 'local-candidate', candidateType: 'relay', protocol: 'udp', relayProtocol: 'tcp' };
  const findings = await examined();
  expect(verdictOf(findings.checks)).toBe('tcp');
  expect(check(findings, 'media').detail).toMatchObject({ road: 'tcp', relayed: true });
  expect(check(findings, 'turn-udp')).toMatchObject({ state: 'failed', detail: { reason: 'timeout' } });
  expect(check(findings, 'stun')).toMatchObject({ state: 'failed' });
});

test('media hangs, and nothing else gets through: it says what is to be opened', async () => {
  world.visit = 'hangs';
  world.network.relays.clear();
  world.network.seen.clear();
  const findings = await examined();
  expect(verdictOf(findings.checks)).toBe('blocked');
  expect(check(findings, 'media').detail).toEqual({ reason: 'timeout' });
  expect(findings.servers).toEqual({ udp: 'meet.example.org:3478', tcp: 'meet.example.org:443' });
});

test('no address from outside where UDP works is no router', async () => {
  world.network.seen.set(STUN, 701);
  expect(check(await examined(), 'stun')).toMatchObject({ state: 'ok', detail: { nat: 'none' } });
});

test('without an invitation the server keeps its relays to itself', async () => {
  world.answer = { status: 401, body: {} };
  world.visit = 'token_required';
  const findings = await examined();
  const { server, media, stun, 'turn-udp': udp } = states(findings);
  expect([server, media, stun, udp]).toEqual(['ok', 'skipped', 'skipped', 'skipped']);
  expect(check(findings, 'turn-tls').detail).toEqual({ reason: 'invitation' });
  expect(verdictOf(findings.checks)).toBe('unknown');
  expect(findings.servers).toEqual({ udp: null, tcp: 'meet.example.org' });
});

test('an invitation that is over says so', async () => {
  world.answer = { status: 403, body: {} };
  world.visit = 'token_expired';
  const findings = await examined({ token: jwt({ room: 'tea' }) });
  expect(check(findings, 'media').detail).toEqual({ reason: 'refused' });
  expect(check(findings, 'stun').detail).toEqual({ reason: 'refused' });
});

test('nobody is made to knock for it', async () => {
  world.visit = 'waits';
  const findings = await examined();
  expect(check(findings, 'media')).toMatchObject({ state: 'skipped', detail: { reason: 'waiting-room' } });
});

test.each([null, 'never'] as const)('a server that is away (%s) is the first thing said', async (answer) => {
  world.answer = answer;
  world.socket = 'hangs';
  world.visit = 'unreachable';
  const findings = await examined();
  expect(verdictOf(findings.checks)).toBe('no-server');
  expect(check(findings, 'turn-udp')).toMatchObject({ state: 'skipped', detail: { reason: 'unreachable' } });
});

test('a proxy that stops sockets is told from a server that is away', async () => {
  world.socket = 'closes';
  world.visit = 'unreachable';
  expect(verdictOf((await examined()).checks)).toBe('no-socket');
});

test('a browser without WebRTC tries what it can', async () => {
  Object.assign(world.tools, { hasWebRtc: false, isSecure: false });
  world.device = 'insecure';
  const findings = await examined();
  expect(verdictOf(findings.checks)).toBe('no-webrtc');
  expect(states(findings)).toMatchObject({ secure: 'warning', server: 'ok', media: 'skipped', camera: 'warning' });
  expect(world.network.made).toBe(0);
});

test('whoever leaves meanwhile leaves nothing behind, and is told nothing more', async () => {
  world.visit = 'hangs';
  world.network.relays.clear();
  const stop = new AbortController();
  const examining = examine(
    { base: BASE, room: null, token: null },
    { name: 'Check', onChange: (next) => told.push(next), signal: stop.signal, tools: world.tools },
  );
  const settled = Promise.allSettled([examining]);
  await vi.advanceTimersByTimeAsync(500);
  expect(world.open).toBeGreaterThan(0);
  stop.abort(new Error('left'));
  const before = told.length;
  await vi.advanceTimersByTimeAsync(1000);
  expect(await settled).toMatchObject([{ status: 'rejected', reason: { message: 'left' } }]);
  expect([world.open, vi.getTimerCount(), told.length]).toEqual([0, 0, before]);
});
