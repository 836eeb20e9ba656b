import { expect, test } from 'vitest';
import { CHECKS, type Check, type CheckId, type Detail, type Outcome } from './check.ts';
import { stunInTheLightOf, type Verdict, verdictOf } from './verdict.ts';

type Some = Partial<Record<CheckId, Check['state'] | [Check['state'], Detail]>>;

/** Everything works, but for these. */
const found = (some: Some): Check[] =>
  CHECKS.map((id) => {
    const said = some[id] ?? 'ok';
    const [state, detail] = typeof said === 'string' ? [said, {}] : said;
    return { id, state, detail };
  });

const TURN_BLOCKED: Some = { 'turn-udp': 'failed', 'turn-tcp': 'failed', 'turn-tls': 'failed' };
const NO_TURN: Some = { 'turn-udp': 'skipped', 'turn-tcp': 'skipped', 'turn-tls': 'skipped' };

test.each<[Verdict, string, Some]>([
  ['udp', 'all works', { media: ['ok', { road: 'udp' }] }],
  ['udp', 'no relay, no camera', { ...NO_TURN, camera: 'warning' }],
  ['tcp', 'media goes by TCP', { media: ['ok', { road: 'tcp' }], 'turn-udp': 'failed' }],
  ['tls', 'media goes by TLS', { media: ['ok', { road: 'tls', relayed: true }], ...TURN_BLOCKED, 'turn-tls': 'ok' }],
  ['udp', 'media was not tried, the relay works by UDP', { media: 'skipped' }],
  ['tcp', 'media was not tried, the relay works by TCP', { media: 'skipped', 'turn-udp': 'failed' }],
  ['tls', 'media was not tried, the relay works by TLS', { media: 'skipped', ...TURN_BLOCKED, 'turn-tls': 'ok' }],
  ['blocked', 'media was not tried, no relay works', { media: 'skipped', ...TURN_BLOCKED }],
  ['unknown', 'nothing was tried', { media: 'skipped', stun: 'skipped', ...NO_TURN }],
  ['partly', 'the relay works, media does not', { media: 'failed' }],
  ['blocked', 'nothing gets through', { media: 'failed', ...TURN_BLOCKED }],
  ['blocked', 'media does not get through, and there is no relay', { media: 'failed', ...NO_TURN }],
  ['no-socket', 'pages load, sockets do not open', { socket: 'failed', media: 'failed' }],
  ['no-server', 'nobody answers', { server: 'failed', socket: 'failed', media: 'running' }],
  ['no-webrtc', 'the browser cannot', { browser: 'failed', media: 'skipped' }],
  ['checking', 'one is still being tried', { 'turn-tls': 'running' }],
  ['checking', 'one has not begun', { microphone: 'waiting' }],
])('%s: %s', (verdict, _, some) => {
  expect(verdictOf(found(some))).toBe(verdict);
});

const none: Some[CheckId] = ['ok', { nat: 'none', at: 'a:1' }];
test.each<[string, Some, Outcome | undefined]>([
  ['no address, but UDP works', { media: ['ok', { road: 'udp' }], stun: none }, undefined],
  [
    'no answer, but UDP works',
    { media: ['ok', { road: 'udp' }], stun: ['failed', { reason: 'timeout', at: 'a:1' }] },
    { state: 'ok', detail: { nat: 'none', at: 'a:1' } },
  ],
  [
    'no address, and UDP does not work',
    { media: ['ok', { road: 'tcp' }], stun: none, ...TURN_BLOCKED },
    { state: 'failed', detail: { reason: 'unreachable', at: 'a:1' } },
  ],
  [
    'an address is an address',
    { media: 'failed', stun: ['ok', { nat: 'nat', address: 'x' }], ...TURN_BLOCKED },
    undefined,
  ],
  ['not tried', { media: 'failed', stun: 'skipped', ...TURN_BLOCKED }, undefined],
])('STUN: %s', (_, some, outcome) => {
  expect(stunInTheLightOf(found(some))).toEqual(outcome);
});
