import { describe, expect, it } from 'vitest';
import { resolveAddress } from './address.js';

const page = (base: string, more = {}) => ({
  base,
  hasBase: false,
  module: 'https://cdn.example/assets/app.js',
  ...more,
});

describe('resolveAddress', () => {
  it.each([
    ['/r/standup', page('https://host/'), 'wss://host/ws', 'standup'],
    ['standup', page('http://localhost:3000/r/standup'), 'ws://localhost:3000/ws', 'standup'],
    ['/r/stand%20up/', page('https://host/'), 'wss://host/ws', 'stand up'],
    ['/rt/r/standup', page('https://host/blog/'), 'wss://host/rt/ws', 'standup'],
    ['r/standup', page('https://host/rt/'), 'wss://host/rt/ws', 'standup'],
    ['https://other:8443/rt/r/a', page('https://host/'), 'wss://other:8443/rt/ws', 'a'],
    ['/r/a', page('https://host/rt/r/a'), 'wss://host/rt/ws', 'a'],
    ['/r/a', page('https://host/rt/', { hasBase: true }), 'wss://host/rt/ws', 'a'],
    ['/r/a', page('https://host/blog/post'), 'wss://host/ws', 'a'],
    [
      '/r/a',
      page('https://shop/', { module: 'https://media.example/rt/sdk/tertulia.js' }),
      'wss://media.example/rt/ws',
      'a',
    ],
    ['/live/talk', page('https://host/'), 'wss://host/ws', 'talk'],
  ])('%s on %o is %s', (room, place, url, name) => {
    expect(resolveAddress(room, undefined, place)).toEqual({ url, room: name });
  });

  it('takes the server that is named', () => {
    const place = page('https://host/');
    expect(resolveAddress('/r/a', 'https://media.example/rt', place).url).toBe('wss://media.example/rt/ws');
    expect(resolveAddress('a', '/rt/', place).url).toBe('wss://host/rt/ws');
    expect(resolveAddress('a', 'http://127.0.0.1:3000', { ...place, base: undefined }).url).toBe(
      'ws://127.0.0.1:3000/ws',
    );
  });

  it('says what an address has to look like', () => {
    expect(() => resolveAddress('/somewhere', undefined, page('https://host/'))).toThrow(/\/r\/\{room\}/);
  });
});
