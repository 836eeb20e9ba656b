import { beforeEach, describe, expect, it } from 'vitest';
import { settle } from '../../test/fakes/clock.js';
import { FakeRoom } from '../../test/fakes/room.js';
import type { SharedChange } from './shared.js';

describe('what all share', () => {
  let fake: FakeRoom;
  const told: [string, unknown, string | null][] = [];
  const set = (key: string, value: unknown, version: number) =>
    fake.server.say({ type: 'state', entry: { key, value, version }, from: 'bob' });
  const refuse = (id: number, state?: object) =>
    fake.server.say({
      type: 'error',
      id,
      code: 'conflict',
      message: 'quicker',
      retryable: false,
      ...(state && { state }),
    });

  beforeEach(() => {
    fake = new FakeRoom();
    told.length = 0;
    fake.room.addEventListener('sharedchange', ({ key, value, from }: SharedChange) =>
      told.push([key, value?.value ?? null, from]),
    );
  });

  it('is there after joining, and follows what the server says', async () => {
    await fake.join({ state: [{ key: 'a', value: [1], version: 3 }] });
    const before = fake.room.shared.entries;
    expect(fake.room.shared.get('a')).toEqual({ value: [1], version: 3 });
    set('b', null, 4);
    fake.server.say({ type: 'state_deleted', key: 'a', version: 5, from: 'server' });
    expect([...fake.room.shared.entries]).toEqual([['b', { value: null, version: 4 }]]);
    expect(before.has('a')).toBe(true);
    expect(fake.room.shared.get('a')).toBeNull();
    expect(told).toEqual([
      ['a', [1], null],
      ['b', null, 'bob'],
      ['a', null, 'server'],
    ]);
  });

  it('tells after joining anew of what is different, and of nothing else', async () => {
    const entry = (key: string, value: unknown, version: number) => ({ key, value, version });
    await fake.join({ state: [entry('same', 1, 1), entry('gone', 2, 2), entry('other', 3, 3), entry('anew', 'x', 4)] });
    told.length = 0;
    await fake.rejoin({ state: [entry('same', 1, 1), entry('other', 4, 5), entry('anew', 'y', 4)] });
    expect(told).toEqual([
      ['gone', null, null],
      ['other', 4, null],
      ['anew', 'y', null],
    ]);
  });

  it('sets, compares and deletes, and resolves to the version', async () => {
    await fake.join();
    expect(await fake.room.shared.set('k', { x: 1 })).toBe(1);
    expect(fake.server.last('state_set')).toMatchObject({ key: 'k', value: { x: 1 }, version: null });
    expect(await fake.room.shared.compareAndSet('k', 1, 2)).toBe(2);
    expect(fake.server.last('state_set')).toMatchObject({ value: 2, version: 1 });
    await fake.room.shared.delete('k', { version: 2 });
    expect(fake.server.last('state_delete')).toMatchObject({ key: 'k', version: 2 });
    await expect(fake.room.shared.set('k', undefined)).rejects.toThrow(TypeError);
  });

  it('says what is there where somebody else was quicker', async () => {
    await fake.join();
    fake.server.answering = false;
    const setting = fake.room.shared.compareAndSet('k', 0, 1);
    await settle();
    refuse(fake.server.last('state_set').id, { key: 'k', value: 'theirs', version: 9 });
    await expect(setting).rejects.toMatchObject({ code: 'conflict', present: { value: 'theirs', version: 9 } });
  });

  it('updates again with what is there until nobody was quicker', async () => {
    await fake.join({ state: [{ key: 'k', value: 1, version: 1 }] });
    fake.server.answering = false;
    const updating = fake.room.shared.update<number>('k', (value) => (value ?? 0) + 10);
    await settle();
    expect(fake.server.last('state_set')).toMatchObject({ value: 11, version: 1 });
    refuse(fake.server.last('state_set').id, { key: 'k', value: 5, version: 7 });
    await settle();
    expect(fake.server.last('state_set')).toMatchObject({ value: 15, version: 7 });
    refuse(fake.server.last('state_set').id);
    await settle();
    expect(fake.server.last('state_set')).toMatchObject({ value: 10, version: 0 });
    fake.server.say({ type: 'state_stored', id: fake.server.last('state_set').id, version: 8 });
    expect(await updating).toBe(8);
  });
});
