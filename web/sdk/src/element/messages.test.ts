import { describe, expect, it } from 'vitest';
import { readStatus, toFrame } from './messages.js';

const frame = {} as Window;
const ORIGIN = 'https://meet.example';
const data = { tertulia: 1, type: 'state', state: 'connected', reason: null, participants: 2 };
const event = { data, origin: ORIGIN, source: frame };

describe('readStatus', () => {
  it('takes what the frame says', () => {
    expect(readStatus(event, frame, ORIGIN)).toEqual({ state: 'connected', reason: null, participants: 2 });
    const closed = { ...data, state: 'closed', reason: 'room_ended' };
    expect(readStatus({ ...event, data: closed }, frame, ORIGIN)).toMatchObject({ reason: 'room_ended' });
  });

  it.each([
    ['another frame', { ...event, source: {} as Window }],
    ['another origin', { ...event, origin: 'https://evil.example' }],
    ['an origin that only begins alike', { ...event, origin: `${ORIGIN}.evil.example` }],
    ['a frame without an origin', { ...event, origin: 'null' }],
    ['nobody', { ...event, source: null }],
  ])('ignores %s', (_, forged) => {
    expect(readStatus(forged, frame, ORIGIN)).toBeNull();
  });

  it('hears nobody before there is a frame', () => {
    expect(readStatus({ ...event, source: null }, null, ORIGIN)).toBeNull();
  });

  it.each([
    [null],
    ['state'],
    [{ ...data, tertulia: 2 }],
    [{ ...data, type: 'hello' }],
    [{ ...data, state: '<b>' }],
    [{ ...data, state: undefined }],
    [{ ...data, reason: 7 }],
    [{ ...data, participants: -1 }],
    [{ ...data, participants: '2' }],
    [{ type: 'webpackOk' }],
  ])('ignores %o', (other) => {
    expect(readStatus({ ...event, data: other }, frame, ORIGIN)).toBeNull();
  });
});

it('marks what it says', () => {
  expect(toFrame({ type: 'leave' })).toEqual({ tertulia: 1, type: 'leave' });
});
