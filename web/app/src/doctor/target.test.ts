import { expect, test } from 'vitest';
import { errandOf } from './target.ts';

const jwt = (claims: object) =>
  ['head', Buffer.from(JSON.stringify(claims)).toString('base64url'), 'signature'].join('.');

test('without an invitation it is a room of nobody, so that those in the real one are not disturbed', () => {
  const errand = errandOf({ room: 'tea', token: null });
  expect(errand).toMatchObject({ token: null, personal: false });
  expect(errand.room).toMatch(/^doctor-\w{4,}$/);
  expect(errandOf({ room: 'tea', token: null }).room).not.toBe(errand.room);
});

test('an invitation says for which room it is', () => {
  const token = jwt({ room: '茶', role: 'speaker' });
  expect(errandOf({ room: null, token })).toEqual({ room: '茶', token, personal: false });
  expect(errandOf({ room: 'named', token }).room).toBe('named');
  expect(errandOf({ room: null, token: jwt({ room: 'team-*' }) }).room).toMatch(/^team-doctor-\w+$/);
});

test('one that names its bearer is personal', () => {
  expect(errandOf({ room: null, token: jwt({ room: 'tea', sub: 'ana' }) }).personal).toBe(true);
});

test.each(['', 'x', 'a.b.c', `a.${Buffer.from('null').toString('base64url')}.c`])('“%s” says nothing', (token) => {
  expect(errandOf({ room: 'tea', token })).toEqual({ room: 'tea', token, personal: false });
});
