import { beforeEach, describe, expect, it } from 'vitest';
import { settle } from '../../test/fakes/clock.js';
import { FakeRoom } from '../../test/fakes/room.js';
import type { DataMessage } from './data.js';

describe('data', () => {
  let fake: FakeRoom;
  const say = (topic: string, data: unknown, more: object = {}) =>
    fake.server.say({ type: 'data', from: 'bob', topic, data, encoding: 'json', ...more });
  const collect = (messages: AsyncIterable<DataMessage>) => {
    const seen: unknown[] = [];
    const end = (async () => {
      for await (const { from, data } of messages) seen.push([from, data]);
    })();
    return { seen, end };
  };

  beforeEach(async () => {
    fake = new FakeRoom();
    await fake.join();
  });

  it('sends JSON or bytes, to all or to one, and resolves when the server has it', async () => {
    const topic = fake.room.data('pen');
    fake.server.answering = false;
    let done = false;
    const sending = topic.send({ x: 1 }, { to: 'bob' }).then(() => {
      done = true;
    });
    await settle();
    const sent = fake.server.last('data');
    expect(sent).toMatchObject({ topic: 'pen', data: { x: 1 }, encoding: 'json', to: 'bob', latest: false });
    expect(done).toBe(false);
    fake.server.say({ type: 'ok', id: sent.id });
    await sending;
    fake.server.answering = true;
    await topic.send(new Uint8Array([0, 255, 16]));
    expect(fake.server.last('data')).toMatchObject({ data: 'AP8Q', encoding: 'base64', to: null });
  });

  it('knows a name when it sees one', () => {
    expect(fake.room.data('board/1.pen:x_y-z').name).toBe('board/1.pen:x_y-z');
    for (const name of ['', 'a b', 'x'.repeat(65)]) expect(() => fake.room.data(name)).toThrow(TypeError);
  });

  it('refuses what JSON cannot tell, and what is too large, without asking the server', async () => {
    const topic = fake.room.data('pen');
    await expect(topic.send(undefined)).rejects.toThrow(TypeError);
    await expect(topic.send('é'.repeat(40_000))).rejects.toMatchObject({ code: 'too_large', retryable: false });
    await topic.send('e'.repeat(40_000));
    expect(fake.server.sent('data')).toHaveLength(1);
  });

  it('gives every iterator everything of its topic from then on, and ends with the room', async () => {
    say('pen', 'nobody listens yet');
    const first = collect(fake.room.data('pen').messages());
    const other = collect(fake.room.data('chess').messages());
    say('pen', 1);
    const second = collect(fake.room.data('pen').messages());
    say('pen', 'AP8Q', { encoding: 'base64', from: 'cy' });
    await fake.room.leave();
    await Promise.all([first.end, second.end, other.end]);
    expect(first.seen).toEqual([
      ['bob', 1],
      ['cy', new Uint8Array([0, 255, 16])],
    ]);
    expect(second.seen).toEqual([['cy', new Uint8Array([0, 255, 16])]]);
    expect(other.seen).toEqual([]);
    const late = collect(fake.room.data('pen').messages());
    await late.end;
  });

  it('stops when the signal is aborted', async () => {
    const abort = new AbortController();
    const { seen, end } = collect(fake.room.data('pen').messages({ signal: abort.signal }));
    say('pen', 1);
    await settle();
    abort.abort();
    say('pen', 2);
    await end;
    expect(seen).toEqual([['bob', 1]]);
  });

  it('tells a reader who is too slow, and nobody else', async () => {
    const slow = fake.room.data('pen').messages();
    const quick = collect(fake.room.data('pen').messages());
    for (let n = 0; n < 1001; n++) {
      say('pen', n);
      await settle(3);
    }
    for (let n = 0; n < 1000; n++) expect((await slow.next()).value).toMatchObject({ data: n });
    await expect(slow.next()).rejects.toMatchObject({ name: 'RoomError', code: 'overflow' });
    expect(quick.seen).toHaveLength(1001);
  });

  it('keeps only the newest of each sender where only the latest matters', async () => {
    const messages = fake.room.data('pointer', { latest: true }).messages();
    for (let n = 0; n < 5000; n++) say('pointer', n, { from: n % 2 ? 'bob' : 'cy' });
    expect((await messages.next()).value).toEqual({ from: 'cy', data: 4998 });
    expect((await messages.next()).value).toEqual({ from: 'bob', data: 4999 });
  });

  it('leaves out on the way what something newer has replaced', async () => {
    fake.server.answering = false;
    const topic = fake.room.data<number>('pointer', { latest: true });
    const sending = Promise.all(Array.from({ length: 20 }, (_, n) => topic.send(n)));
    await settle();
    expect(fake.server.sent('data').map(({ data }) => data)).toEqual([0, 1, 2, 3]);
    fake.server.answering = true;
    for (const { id } of fake.server.sent('data')) fake.server.say({ type: 'ok', id });
    await sending;
    expect(fake.server.sent('data').map(({ data }) => data)).toEqual([0, 1, 2, 3, 19]);
  });

  it('sends again what did not arrive when the socket broke', async () => {
    fake.server.answering = false;
    const sending = fake.room.data('pen').send('kept');
    await settle();
    const { id } = fake.server.last('data');
    fake.server.socket.drop();
    await fake.clock.advance(300);
    fake.server.socket.accept();
    fake.server.resumed(id - 1);
    expect(fake.server.last('data')).toMatchObject({ id, data: 'kept' });
    fake.server.say({ type: 'ok', id });
    await sending;
  });
});
