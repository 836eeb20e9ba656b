import { beforeEach, describe, expect, it } from 'vitest';
import { settle } from '../../test/fakes/clock.js';
import { FakeRoom, WITH_BOB } from '../../test/fakes/room.js';

describe('presence', () => {
  let fake: FakeRoom;
  const told: [string, unknown][] = [];
  const sent = () => fake.server.sent('presence_set').map(({ state }) => state);

  beforeEach(() => {
    fake = new FakeRoom();
    told.length = 0;
    fake.room.addEventListener('presencechange', ({ participant, state }) => told.push([participant, state]));
  });

  it('is there after joining, follows its people, and goes with them', async () => {
    await fake.join({ ...WITH_BOB, presence: [{ participant: 'bob', state: { x: 1 } }] });
    expect(fake.room.presence.get('bob')).toEqual({ x: 1 });
    fake.server.say({ type: 'presence', participant: 'bob', state: 2 });
    fake.server.say({ type: 'presence', participant: 'bob', state: null });
    fake.server.say({ type: 'presence', participant: 'bob', state: 3 });
    fake.server.say({ type: 'participant_left', participant: 'bob', reason: 'left' });
    expect(fake.room.presence.all.size).toBe(0);
    expect(told.map(([, state]) => state)).toEqual([{ x: 1 }, 2, null, 3, null]);
  });

  it('is sent twenty times a second, and the newest always', async () => {
    await fake.join();
    const all = Promise.all(Array.from({ length: 100 }, (_, x) => fake.room.presence.set({ x })));
    expect(fake.room.presence.get('ana')).toEqual({ x: 99 });
    await settle();
    expect(sent()).toEqual([{ x: 0 }]);
    await fake.clock.advance(50);
    expect(sent()).toEqual([{ x: 0 }, { x: 99 }]);
    await all;
    await fake.clock.advance(1000);
    expect(sent()).toHaveLength(2);
    await fake.room.presence.set(null);
    expect(fake.room.presence.get('ana')).toBeNull();
    expect(sent().at(-1)).toBeNull();
  });

  it('is said again in a new session', async () => {
    await fake.join(WITH_BOB);
    await fake.room.presence.set('here');
    await fake.rejoin({ ...WITH_BOB, presence: [{ participant: 'bob', state: 1 }] });
    await fake.clock.advance(50);
    expect(fake.server.last('presence_set').state).toBe('here');
    expect([...fake.room.presence.all].sort()).toEqual([
      ['ana', 'here'],
      ['bob', 1],
    ]);
  });

  it('takes back what the server refuses', async () => {
    await fake.join();
    fake.server.answering = false;
    const setting = fake.room.presence.set('x');
    await settle();
    const { id } = fake.server.last('presence_set');
    fake.server.say({ type: 'error', id, code: 'not_allowed', message: '', retryable: false });
    await expect(setting).rejects.toMatchObject({ code: 'not_allowed' });
    expect(fake.room.presence.get('ana')).toBeNull();
    await expect(fake.room.presence.set(undefined)).rejects.toThrow(TypeError);
  });

  it('ends with the room', async () => {
    await fake.join();
    await fake.room.presence.set(1);
    const late = fake.room.presence.set(2);
    await fake.room.leave();
    await expect(late).rejects.toMatchObject({ code: 'closed' });
    await expect(fake.room.presence.set(3)).rejects.toMatchObject({ code: 'closed' });
    expect(fake.clock.timers).toBe(0);
  });
});
