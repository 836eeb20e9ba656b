import { beforeEach, describe, expect, it } from 'vitest';
import { settle } from '../../test/fakes/clock.js';
import { DIRECT, FakeRoom, SFU } from '../../test/fakes/room.js';
import { BOB } from '../../test/fakes/server.js';
import type { FakeDataChannel } from '../../test/fakes/webrtc.js';
import type { RoomError } from '../common/room-error.js';
import { address, dataOf, payloadOf, read, split } from '../media/channel-message.js';
import type { ChannelKind } from '../media/link-channels.js';
import type { DataMessage } from './data.js';

const NOBODY = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

describe('messages on data channels', () => {
  let fake: FakeRoom;
  /** What the page has said there: whom to, about what, and what. */
  const said = (channel: FakeDataChannel) =>
    channel.sent.map((bytes) => {
      const to = [];
      let at = 2;
      for (let n = 0; n < (bytes[1] ?? 0); n++) {
        const end = at + 1 + (bytes[at] ?? 0);
        to.push(new TextDecoder().decode(bytes.subarray(at + 1, end)));
        at = end;
      }
      const part = read(Uint8Array.of(1, 0, ...bytes.subarray(at)).buffer);
      return { to, topic: part?.topic, data: dataOf(part?.payload ?? new Uint8Array()) };
    });
  const numbered = (from: string[], number: number, data: unknown, topic = 'pen') =>
    split(topic, number, payloadOf(data)).map((part) => address(from, part));
  const collect = (messages: AsyncIterable<DataMessage>) => {
    const seen: unknown[] = [];
    void (async () => {
      for await (const { from, data } of messages) seen.push([from, data]);
    })();
    return seen;
  };
  /** The connection to the server is up, and a channel on it. */
  const opened = async (kind: ChannelKind) => {
    fake.sfu.become('connected');
    await settle();
    const channel = fake.sfu.channel(kind);
    channel.open();
    return channel;
  };

  beforeEach(async () => {
    fake = new FakeRoom();
    await fake.join({ topology: SFU, rights: ['data'], participants: [BOB] });
  });

  it('opens a channel when somebody wants one, and not before', async () => {
    fake.sfu.become('connected');
    await settle();
    expect(fake.sfu.channels).toEqual(['tertulia']);
    const topic = fake.room.data('pen', { channel: 'lossy' });
    fake.room.data('keys', { channel: 'lossy' });
    expect(fake.sfu.channels).toEqual(['tertulia', 'lossy']);
    expect(fake.sfu.channel('lossy').init).toEqual({ ordered: false, maxRetransmits: 0 });
    expect(topic.road).toBeNull();
    fake.sfu.channel('lossy').open();
    expect(topic.road).toBe('sfu');
  });

  it('sends to all or one, and hears the others with their names', async () => {
    for (const kind of ['reliable', 'lossy'] as const) {
      const topic = fake.room.data('pen', { channel: kind });
      const seen = collect(topic.messages());
      const channel = await opened(kind);
      await topic.send({ x: 1 });
      await topic.send(Uint8Array.of(7), { to: 'bob' });
      expect(said(channel)).toEqual([
        { to: [], topic: 'pen', data: { x: 1 } },
        { to: ['bob'], topic: 'pen', data: Uint8Array.of(7) },
      ]);
      for (const bytes of numbered(['bob'], 5, 'hello')) channel.deliver(bytes);
      channel.deliver(Uint8Array.of(9, 9));
      await settle();
      expect(seen).toEqual([['bob', 'hello']]);
    }
  });

  it('sends large messages in parts, when the browser has room', async () => {
    const topic = fake.room.data('file', { channel: 'reliable' });
    const seen = collect(topic.messages());
    const channel = await opened('reliable');
    const large = Uint8Array.from({ length: 262_143 }, (_, n) => n % 253);
    channel.bufferedAmount = 262_145;
    const sending = topic.send(large);
    const writable = topic.writable();
    await settle();
    expect(channel.sent).toEqual([]);
    expect(topic.bufferedAmount).toBe(262_145 + 262_144);
    channel.bufferedAmount = 0;
    channel.onbufferedamountlow?.();
    await Promise.all([sending, writable]);
    expect(channel.sent).toHaveLength(16);
    for (const bytes of channel.sent) channel.deliver(address(['bob'], bytes.subarray(2)));
    await settle();
    expect(seen).toEqual([['bob', large]]);
    await expect(topic.send(new Uint8Array(262_144))).rejects.toMatchObject({ code: 'too_large' });
    const lossy = fake.room.data('file', { channel: 'lossy' });
    await expect(lossy.send(new Uint8Array(65_536))).rejects.toMatchObject({ code: 'too_large' });
  });

  it('leaves out what is lossy where there is no room for it', async () => {
    const topic = fake.room.data('pen', { channel: 'lossy' });
    const channel = await opened('lossy');
    channel.bufferedAmount = 65_536;
    await topic.send('late');
    channel.bufferedAmount = 0;
    await topic.send('now');
    expect(said(channel).map(({ data }) => data)).toEqual(['now']);
  });

  it('keeps below what the server takes', async () => {
    const topic = fake.room.data('pen', { channel: 'reliable' });
    const channel = await opened('reliable');
    const sending = Array.from({ length: 1000 }, (_, n) => topic.send(n));
    await settle();
    expect(channel.sent).toHaveLength(600);
    await fake.clock.advance(1000);
    expect(channel.sent.length).toBeGreaterThan(790);
    expect(channel.sent.length).toBeLessThan(810);
    await fake.clock.advance(1100);
    await Promise.all(sending);
    expect(said(channel).map(({ data }) => data)).toEqual(Array.from({ length: 1000 }, (_, n) => n));
  });

  it('goes by the socket where there is no channel after three seconds', async () => {
    const topic = fake.room.data('pen', { channel: 'reliable' });
    const only = fake.room.data('pen', { channel: 'reliable', fallback: false });
    const sending = [topic.send({ x: 1 }, { to: 'bob' }), topic.send(new ArrayBuffer(2))];
    const refused = expect(only.send('no')).rejects.toMatchObject({ code: 'unreachable' });
    await fake.clock.advance(2900);
    expect(fake.server.sent('data')).toEqual([]);
    expect(topic.road).toBeNull();
    await fake.clock.advance(200);
    await Promise.all([...sending, refused]);
    expect(topic.road).toBe('socket');
    expect(fake.server.sent('data')).toMatchObject([
      { topic: 'pen', data: { x: 1 }, to: 'bob', latest: false },
      { topic: 'pen', data: 'AAA=', encoding: 'base64', to: null },
    ]);
    const seen = collect(topic.messages());
    fake.server.say({ type: 'data', from: 'bob', topic: 'pen', data: 'by the socket, too', encoding: 'json' });
    await settle();
    expect(seen).toEqual([['bob', 'by the socket, too']]);
    const channel = await opened('reliable');
    await topic.send('by the channel again');
    expect(said(channel)).toMatchObject([{ data: 'by the channel again' }]);
  });

  it('goes from page to page once the other is heard, with nobody named', async () => {
    const topic = fake.room.data('pen', { channel: 'reliable' });
    const seen = collect(topic.messages());
    const server = await opened('reliable');
    fake.server.say({ type: 'topology', topology: DIRECT });
    await settle();
    await fake.receiveFromBob({});
    fake.direct.channels.push('of the other');
    fake.direct.sctp = {};
    fake.direct.become('connected');
    await settle();
    const direct = fake.direct.channel('reliable');
    expect(direct.init).toEqual({ negotiated: true, id: 10 });
    direct.deliver(NOBODY);
    expect(topic.road).toBe('sfu');
    direct.open();
    expect(topic.road).toBe('direct');
    expect(direct.sent).toEqual([NOBODY]);
    await topic.send('to all', { to: null });
    await topic.send('to bob', { to: 'bob' });
    await expect(topic.send('to cy', { to: 'cy' })).rejects.toMatchObject({ code: 'no_such_participant' });
    expect(said(server)).toEqual([]);
    expect(said(direct).slice(1)).toEqual([
      { to: [], topic: 'pen', data: 'to all' },
      { to: [], topic: 'pen', data: 'to bob' },
    ]);
    for (const bytes of numbered(['cy'], 5, 'as somebody else')) direct.deliver(bytes);
    await settle();
    expect(seen).toEqual([['bob', 'as somebody else']]);
  });

  it('repeats by a new road what may not have arrived by the old one, and shows once what comes twice', async () => {
    const topic = fake.room.data('pen', { channel: 'reliable' });
    const seen = collect(topic.messages());
    const server = await opened('reliable');
    await topic.send('long ago');
    await fake.clock.advance(9000);
    await topic.send('just now');
    fake.server.say({ type: 'media_lost', reason: 'consent_expired' });
    await fake.clock.advance(1);
    const { FakePeerConnection } = await import('../../test/fakes/webrtc.js');
    const next = FakePeerConnection.all.at(-1) as typeof fake.sfu;
    expect(next).not.toBe(fake.sfu);
    next.become('connected');
    await settle();
    next.channel('reliable').open();
    await topic.send('next');
    expect(said(server).map(({ data }) => data)).toEqual(['long ago', 'just now']);
    expect(said(next.channel('reliable')).map(({ data }) => data)).toEqual(['just now', 'next']);
    expect(next.channel('reliable').sent[0]).toEqual(server.sent[1]);

    for (const bytes of numbered(['bob'], 7, 'once')) {
      server.deliver(bytes);
      next.channel('reliable').deliver(bytes);
    }
    await settle();
    expect(seen).toEqual([['bob', 'once']]);
  });

  it('tells why the server closed a channel, and opens it again', async () => {
    const faults: RoomError[] = [];
    fake.room.addEventListener('fault', ({ error }) => faults.push(error));
    fake.room.data('pen', { channel: 'reliable' });
    const channel = await opened('reliable');
    channel.deliver(Uint8Array.of(...NOBODY, ...new TextEncoder().encode('too_slow')));
    channel.end();
    expect(faults).toMatchObject([{ code: 'too_slow', retryable: true }]);
    expect(fake.sfu.channels).toEqual(['tertulia', 'reliable']);
    await fake.clock.advance(2000);
    expect(fake.sfu.channels).toEqual(['tertulia', 'reliable', 'reliable']);
  });

  it('measures the way to somebody and back, and answers who measures', async () => {
    const topic = fake.room.data('pen', { channel: 'lossy' });
    const channel = await opened('lossy');
    const measuring = topic.latency('bob');
    const unanswered = expect(topic.latency('cy')).rejects.toMatchObject({ code: 'unreachable' });
    const ping = channel.sent[0] as Uint8Array;
    await fake.clock.advance(30);
    const pong = ping.slice();
    pong[pong.length - 1] = 2;
    channel.deliver(pong);
    expect(await measuring).toBe(30);
    channel.deliver(ping);
    expect(channel.sent.at(-1)).toEqual(pong);
    await fake.clock.advance(5000);
    await unanswered;
  });

  it('refuses without the right, and ends with the room', async () => {
    const topic = fake.room.data('pen', { channel: 'reliable' });
    const sending = expect(topic.send('waits')).rejects.toMatchObject({ code: 'closed' });
    const writing = expect(topic.writable()).rejects.toMatchObject({ code: 'closed' });
    await fake.room.leave();
    await Promise.all([sending, writing]);
    await expect(topic.send('late')).rejects.toMatchObject({ code: 'closed' });

    fake = new FakeRoom();
    await fake.join({ topology: SFU, rights: ['chat'] });
    await expect(fake.room.data('pen', { channel: 'lossy' }).send(1)).rejects.toMatchObject({ code: 'not_allowed' });
  });
});
