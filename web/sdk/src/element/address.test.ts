import { expect, it } from 'vitest';
import { frameAddress } from './address.js';

const place = { room: 'tea', server: null, microphone: true, camera: true };
const PAGE = 'https://blog.example/posts/1';
const CDN = 'https://cdn.example/npm/element-4f2a.mjs';

it.each([
  [place, 'https://meet.example/sdk/element.js', 'https://meet.example/r/tea?embed'],
  [place, 'https://meet.example/rt/sdk/element.js?v=2', 'https://meet.example/rt/r/tea?embed'],
  [place, CDN, 'https://blog.example/r/tea?embed'],
  [{ ...place, server: 'https://meet.example/rt' }, CDN, 'https://meet.example/rt/r/tea?embed'],
  [{ ...place, server: '/rt/' }, 'https://meet.example/sdk/element.js', 'https://blog.example/rt/r/tea?embed'],
  [{ ...place, room: 'a b?/#', server: 'https://m.example' }, CDN, 'https://m.example/r/a%20b%3F%2F%23?embed'],
  [
    { ...place, server: 'https://m.example', microphone: false, camera: false },
    CDN,
    'https://m.example/r/tea?embed&mic=0&cam=0',
  ],
])('%o from %s is %s', (given, module, address) => {
  expect(frameAddress(given, module, PAGE).href).toBe(address);
});

it('refuses a server that is no address', () => {
  expect(() => frameAddress({ ...place, server: 'https://' }, CDN, PAGE)).toThrow(TypeError);
});
