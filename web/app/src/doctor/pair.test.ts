import { expect, test } from 'vitest';
import { pairOf } from './pair.ts';

type Entry = [string, object];
const entry = (id: string, stats: object): Entry => [id, { id, ...stats }];
const LOCAL = entry('l', { type: 'local-candidate', candidateType: 'host', protocol: 'udp' });
const REMOTE = entry('r', { type: 'remote-candidate', address: '192.0.2.1', port: 443 });
const PAIR = { type: 'candidate-pair', localCandidateId: 'l', remoteCandidateId: 'r', currentRoundTripTime: 0.0204 };

test('the chosen pair is the one that the transport names', () => {
  const other = entry('o', { type: 'candidate-pair', nominated: true, state: 'succeeded' });
  const transport = entry('t', { type: 'transport', selectedCandidatePairId: 'p' });
  expect(pairOf([other, entry('p', PAIR), transport, LOCAL, REMOTE])).toEqual({
    road: 'udp',
    relayed: false,
    rtt: 20,
    at: '192.0.2.1:443',
  });
});

test('Firefox names it by itself', () => {
  const other = entry('o', { ...PAIR, localCandidateId: 'x', nominated: true, state: 'succeeded' });
  expect(pairOf([other, entry('p', { ...PAIR, selected: true }), LOCAL, REMOTE])).toMatchObject({ road: 'udp' });
});

test.each([
  [
    { candidateType: 'host', protocol: 'tcp' },
    { road: 'tcp', relayed: false },
  ],
  [
    { candidateType: 'relay', protocol: 'udp', relayProtocol: 'tcp' },
    { road: 'tcp', relayed: true },
  ],
  [
    { candidateType: 'relay', protocol: 'udp', relayProtocol: 'tls' },
    { road: 'tls', relayed: true },
  ],
  [
    { candidateType: 'prflx', protocol: 'udp' },
    { road: 'udp', relayed: false },
  ],
])('%o goes by %o', (local, road) => {
  const pair = entry('p', { ...PAIR, nominated: true, state: 'succeeded' });
  expect(pairOf([pair, entry('l', { type: 'local-candidate', ...local }), REMOTE])).toMatchObject(road);
});

test('none is chosen yet', () => {
  expect(pairOf([LOCAL, REMOTE, entry('p', { ...PAIR, state: 'in-progress' })])).toBeNull();
});
