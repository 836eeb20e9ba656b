import { beforeEach, describe, expect, it } from 'vitest';
import { settle } from '../../test/fakes/clock.js';
import { FakeRoom } from '../../test/fakes/room.js';

describe('topics', () => {
  let fake: FakeRoom;
  /** Values of topics of the server have no number. */
  const publish = (topic: string, data: unknown, more: object = {}) =>
    fake.server.socket.deliver({ type: 'data', from: 'server', topic, data, encoding: 'json', ...more });
  const collect = (messages: AsyncIterable<{ topic: string; data: unknown }>) => {
    const seen: unknown[] = [];
    const end = (async () => {
      for await (const { topic, data } of messages) seen.push([topic, data]);
    })();
    return { seen, end };
  };
  const wishes = () =>
    [...fake.server.sent('topic_subscribe'), ...fake.server.sent('topic_unsubscribe')].map(({ type, topic }) => [
      type.slice(6),
      topic,
    ]);

  beforeEach(async () => {
    fake = new FakeRoom();
    await fake.join();
  });

  it('asks the server as long as somebody reads', async () => {
    const topic = fake.room.topic('/quotes/*', { every: 250, last: true });
    await settle();
    expect(wishes()).toEqual([]);
    const abort = new AbortController();
    const first = collect(topic.messages({ signal: abort.signal }));
    const second = collect(topic.messages());
    await settle();
    expect(fake.server.last('topic_subscribe')).toMatchObject({ topic: '/quotes/*', every: 0.25, last: true });
    publish('/quotes/A', 1);
    publish('/other/A', 2);
    await settle();
    abort.abort();
    await first.end;
    publish('/quotes/B', 'AP8Q', { encoding: 'base64' });
    await settle();
    expect(wishes().filter(([kind]) => kind === 'unsubscribe')).toEqual([]);
    await fake.room.leave();
    await second.end;
    expect(first.seen).toEqual([['/quotes/A', 1]]);
    expect(second.seen).toEqual([
      ['/quotes/A', 1],
      ['/quotes/B', new Uint8Array([0, 255, 16])],
    ]);
  });

  it('says so when nobody reads any more', async () => {
    const abort = new AbortController();
    const reading = collect(fake.room.topic('/q').messages({ signal: abort.signal }));
    await settle();
    abort.abort();
    await reading.end;
    await settle();
    expect(wishes()).toEqual([
      ['subscribe', '/q'],
      ['unsubscribe', '/q'],
    ]);
  });

  it('calls a listener until it is stopped', async () => {
    const abort = new AbortController();
    const heard: unknown[] = [];
    const listening = fake.room
      .topic('/q')
      .listen(({ data, from }) => heard.push([from, data]), { signal: abort.signal });
    await settle();
    publish('/q', 1);
    await settle();
    abort.abort();
    await listening;
    expect(heard).toEqual([['server', 1]]);
  });

  it('tells a reader whom the server refuses', async () => {
    fake.server.answering = false;
    const reading = fake.room.topic('/closed').messages().next();
    await settle();
    const { id } = fake.server.last('topic_subscribe');
    fake.server.say({ type: 'error', id, code: 'not_allowed', message: 'no', retryable: false });
    await expect(reading).rejects.toMatchObject({ name: 'RoomError', code: 'not_allowed' });
  });

  it('keeps the newest of each topic for a reader who is slow', async () => {
    const messages = fake.room.topic('/q/*').messages();
    for (let n = 0; n < 5000; n++) publish(n % 2 ? '/q/odd' : '/q/even', n);
    expect((await messages.next()).value).toMatchObject({ topic: '/q/even', data: 4998 });
    expect((await messages.next()).value).toMatchObject({ topic: '/q/odd', data: 4999 });
  });

  it('asks again after a loss, with the last values', async () => {
    const reading = collect(fake.room.topic('/q', { every: 1000 }).messages());
    await settle();
    const { id } = fake.server.last('topic_subscribe');
    fake.server.socket.drop();
    await fake.clock.advance(300);
    fake.server.socket.accept();
    fake.server.resumed(id);
    await settle();
    expect(fake.server.last('topic_subscribe')).toMatchObject({ topic: '/q', every: 1, last: true });
    await fake.rejoin();
    await settle();
    expect(fake.server.last('topic_subscribe')).toMatchObject({ topic: '/q', every: 1, last: true });
    publish('/q', 'back');
    await fake.room.leave();
    await reading.end;
    expect(reading.seen).toEqual([['/q', 'back']]);
  });

  it('publishes, to all or to one', async () => {
    await fake.room.topic('/map/ana').publish({ x: 1 });
    expect(fake.server.last('data')).toMatchObject({ topic: '/map/ana', data: { x: 1 }, to: null });
    await fake.room.topic('/alerts').publish(new Uint8Array([0, 255, 16]), { to: 'bob' });
    expect(fake.server.last('data')).toMatchObject({ data: 'AP8Q', encoding: 'base64', to: 'bob' });
  });

  it('has topics of the room, too', async () => {
    const reading = collect(fake.room.topic('pen').messages());
    fake.server.say({ type: 'data', from: 'bob', topic: 'pen', data: 1, encoding: 'json' });
    await fake.room.leave();
    await reading.end;
    expect(reading.seen).toEqual([['pen', 1]]);
    expect(wishes()).toEqual([]);
  });

  it('knows a name when it sees one', () => {
    for (const name of ['/*', '/a', '/a/b/*', 'pen', 'board/1']) expect(fake.room.topic(name).name).toBe(name);
    for (const name of ['', '/', '/a/', '//a', '/*/a', '/a*', 'a b', '/a b', 'x'.repeat(65), `/${'x'.repeat(64)}`])
      expect(() => fake.room.topic(name), name).toThrow(TypeError);
    expect(() => fake.room.data('/a')).toThrow(TypeError);
  });
});
