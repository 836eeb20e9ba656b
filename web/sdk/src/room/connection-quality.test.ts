import { beforeEach, describe, expect, it } from 'vitest';
import { settle } from '../../test/fakes/clock.js';
import { FakeRoom, SFU, WITH_BOB } from '../../test/fakes/room.js';
import type { PersonalQuality } from '../wire/generated.js';

describe('how good people’s connections are', () => {
  let fake: FakeRoom;
  let heard: string[];

  const rate = (participant: string, quality: PersonalQuality['quality'], score: number | null) => ({
    participant,
    quality,
    score,
  });
  const say = (...participants: PersonalQuality[]) => fake.server.say({ type: 'quality', participants });

  beforeEach(async () => {
    fake = new FakeRoom();
    heard = [];
    fake.room.addEventListener('connectionqualitychange', ({ participant }) =>
      heard.push(`${participant.id} ${participant.connectionQuality}`),
    );
    await fake.join({ ...WITH_BOB, topology: SFU });
  });

  it('stands with each of them, one’s own too, and is told when it is another', () => {
    const bob = fake.room.participants.get('bob');
    expect([bob?.connectionQuality, bob?.connectionScore]).toEqual([null, null]);
    say(rate('ana', 'excellent', 4.3), rate('bob', 'good', 3.9), rate('gone', 'poor', 2));
    expect([bob?.connectionQuality, bob?.connectionScore]).toEqual(['good', 3.9]);
    expect([fake.room.local.connectionQuality, fake.room.local.connectionScore]).toEqual(['excellent', 4.3]);
    expect(heard).toEqual(['ana excellent', 'bob good']);
    say(rate('bob', 'good', 3.8));
    expect(heard).toHaveLength(2);
    say(rate('ana', 'lost', 1), rate('bob', null, null));
    expect(fake.room.local.connectionQuality).toBe('excellent');
    expect(heard.at(-1)).toBe('bob null');
  });

  it('is in the snapshot of the one whose it is, and changes no other', () => {
    say(rate('ana', 'excellent', 4.3));
    const { local, participants, version } = fake.room.snapshot;
    say(rate('bob', 'poor', 2.1));
    const after = fake.room.snapshot;
    expect(after.version).toBeGreaterThan(version);
    expect(after.local).toBe(local);
    expect(after.participants[0]).not.toBe(participants[0]);
    expect(after.participants[0]).toMatchObject({ connectionQuality: 'poor', connectionScore: 2.1 });
    expect(after.local).toMatchObject({ connectionQuality: 'excellent', connectionScore: 4.3 });
  });

  it('is not known any more when the room was joined anew, until it is told again', async () => {
    say(rate('ana', 'good', 3.9), rate('bob', 'poor', 2.1));
    const bob = fake.room.participants.get('bob');
    await fake.rejoin({ ...WITH_BOB, topology: SFU });
    await settle();
    expect([bob?.connectionQuality, fake.room.local.connectionQuality]).toEqual([null, null]);
    expect(heard.slice(2)).toEqual(['ana null', 'bob null']);
    say(rate('bob', 'good', 4));
    expect(bob?.connectionQuality).toBe('good');
  });
});
