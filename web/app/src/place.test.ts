import { afterEach, expect, test, vi } from 'vitest';
import { here, newRoomName, roomIn, roomUrl } from './place.ts';

afterEach(() => void vi.unstubAllGlobals());

function visit(address: string, base = 'https://example.org/'): void {
  vi.stubGlobal('location', new URL(address));
  vi.stubGlobal('document', { baseURI: base });
}

test('the address names the room, the invitation, and what starts off', () => {
  visit('https://example.org/r/tea%20time?mic=0&cam=1&embed#t=abc.def');
  expect(here()).toEqual({
    page: 'room',
    room: 'tea time',
    token: 'abc.def',
    embed: true,
    start: { camera: true, microphone: false },
  });
});

test('below a mount prefix it is the same room', () => {
  visit('https://example.org/rt/r/tea', 'https://example.org/rt/');
  expect(here()).toEqual({ page: 'room', room: 'tea', token: null, embed: false, start: {} });
  expect(roomUrl('a b', 'x.y')).toBe('https://example.org/rt/r/a%20b#t=x.y');
});

test('the page that looks at the connection may know of a room', () => {
  visit('https://example.org/doctor');
  expect(here()).toEqual({ page: 'doctor', room: null, token: null });
  visit('https://example.org/rt/doctor?room=tea%20time#t=a.b.c', 'https://example.org/rt/');
  expect(here()).toEqual({ page: 'doctor', room: 'tea time', token: 'a.b.c' });
  visit('https://example.org/doctors');
  expect(here()).toEqual({ page: 'landing' });
});

test.each(['https://example.org/', 'https://example.org/r/', 'https://example.org/r/%E0%A4%A'])(
  '%s is the front page',
  (address) => {
    visit(address);
    expect(here()).toEqual({ page: 'landing' });
  },
);

test.each([
  ['tea-time', 'tea-time', null],
  ['  家庭 ', '家庭', null],
  ['https://example.org/r/tea', 'tea', null],
  ['https://example.org/rt/r/tea%2Dtime?mic=0#t=a.b.c', 'tea-time', 'a.b.c'],
  ['Come: https://example.org/r/tea#t=a.b.c see you', 'tea', 'a.b.c'],
])('%s', (text, room, token) => {
  expect(roomIn(text)).toEqual({ room, token });
});

test.each(['', '   ', 'no spaces here', 'a/b', 'what?', '#t=x', 'x'.repeat(65), '/r/%E0%A4%A'])(
  '“%s” is no room',
  (text) => {
    expect(roomIn(text)).toBeNull();
  },
);

test('a new name is one that can be joined by typing it', () => {
  const name = newRoomName();
  expect(name).toMatch(/^[a-z]{4}-[a-z]{4}-[a-z]{4}$/);
  expect(roomIn(name)?.room).toBe(name);
});
