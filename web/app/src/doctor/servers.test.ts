import { expect, test } from 'vitest';
import { placeOf, serversOf } from './servers.ts';

const answer = {
  iceServers: [
    { urls: ['stun:meet.example.org:3478'], username: null, credential: null },
    {
      urls: [
        'turn:meet.example.org:3478?transport=udp',
        'turn:meet.example.org:443?transport=tcp',
        'turns:meet.example.org:443?transport=tcp',
      ],
      username: '17:ana',
      credential: 'secret',
    },
    { urls: 'turn:second.example.org' },
  ],
  sfu: [],
  expires: 17,
};

test('each road is tried by itself, with what it takes to get in', () => {
  const { stun, turn, udp, tcp } = serversOf(answer);
  expect(stun).toEqual([{ urls: 'stun:meet.example.org:3478' }]);
  const known = { username: '17:ana', credential: 'secret' };
  expect(turn).toEqual({
    udp: { urls: 'turn:meet.example.org:3478?transport=udp', ...known },
    tcp: { urls: 'turn:meet.example.org:443?transport=tcp', ...known },
    tls: { urls: 'turns:meet.example.org:443?transport=tcp', ...known },
  });
  expect([udp, tcp]).toEqual(['meet.example.org:3478', 'meet.example.org:443']);
});

test.each([null, 7, {}, { iceServers: 'no' }, { iceServers: [null, 3, {}, { urls: [4] }, { urls: 'http://x' }] }])(
  '%j names no server',
  (odd) => {
    expect(serversOf(odd)).toEqual({ stun: [], turn: { udp: null, tcp: null, tls: null }, udp: null, tcp: null });
  },
);

test.each([
  ['stun:a.example', 'a.example:3478'],
  ['turns:a.example?transport=tcp', 'a.example:5349'],
  ['turn:a.example:80?transport=tcp', 'a.example:80'],
  ['turn:[2001:db8::1]:443', '[2001:db8::1]:443'],
  ['turn:[2001:db8::1]', '[2001:db8::1]:3478'],
])('%s is at %s', (url, place) => {
  expect(placeOf(url)).toBe(place);
});
