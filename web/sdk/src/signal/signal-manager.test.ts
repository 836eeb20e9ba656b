import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../test/fakes/clock.js';
import { FakeServer } from '../../test/fakes/server.js';
import { backoff } from './backoff.js';
import { SignalManager } from './signal-manager.js';

const BODY = { room: 'demo', name: 'Ana' };

describe('SignalManager', () => {
  let clock: FakeClock;
  let server: FakeServer;
  let signal: SignalManager;
  let wake: (network: boolean) => void;
  let events: string[];

  beforeEach(() => {
    clock = new FakeClock();
    server = new FakeServer();
    events = [];
    signal = new SignalManager({
      url: 'ws://host/ws',
      clock,
      createSocket: server.createSocket,
      wakeUps: (run) => {
        wake = run;
        return () => undefined;
      },
    });
    signal.addEventListener('message', ({ message }) => events.push(message.type));
    signal.addEventListener('fault', ({ error }) => events.push(`fault:${error.code}`));
    signal.addEventListener('closed', ({ error }) => events.push(`closed:${error.code}`));
    signal.addEventListener('heard', ({ changed }) => events.push(changed ? 'heard anew' : 'heard'));
    signal.addEventListener('joined', ({ again }) => events.push(again ? 'rejoined' : 'joined'));
    signal.addEventListener('reconnecting', ({ attempt, phase }) => events.push(`reconnecting:${attempt}:${phase}`));
  });

  const join = async () => {
    const joining = signal.join(async () => BODY);
    await server.letIn();
    return joining;
  };
  /** The socket breaks, and the next one stands open. */
  const reopen = async () => {
    server.socket.drop();
    await clock.advance(300);
    server.socket.accept();
  };
  const chat = (text: string, abort?: AbortSignal) => signal.request({ type: 'chat', text }, { signal: abort ?? null });

  it('joins with the subprotocol and gives each request the reply with its id', async () => {
    await join();
    expect(server.socket.protocol).toBe('tertulia.v1');
    const [one, two] = [chat('one'), chat('two')];
    expect(server.sent('chat').map(({ id }) => id)).toEqual([2, 3]);
    server.say({ type: 'error', id: 3, code: 'not_allowed', message: 'no', retryable: false });
    server.say({ type: 'ok', id: 2 });
    await expect(one).resolves.toMatchObject({ type: 'ok', id: 2 });
    await expect(two).rejects.toMatchObject({ name: 'RoomError', code: 'not_allowed', retryable: false });
  });

  it('rejects a join that the server refuses', async () => {
    const joining = signal.join(async () => BODY);
    await settle();
    server.socket.accept();
    server.socket.deliver({ type: 'error', id: 1, code: 'room_full', message: 'full', retryable: true });
    await expect(joining).rejects.toMatchObject({ code: 'room_full', retryable: true });
    expect(events).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  it('rejects a first join with unreachable when the socket does not open', async () => {
    const joining = signal.join(async () => BODY);
    await settle();
    server.socket.drop();
    await expect(joining).rejects.toMatchObject({ code: 'unreachable', retryable: true });
  });

  it('waits without a time limit while a moderator decides, and comes back to the door after a loss', async () => {
    const joining = signal.join(async () => BODY);
    await settle();
    server.socket.accept();
    server.say({ type: 'waiting' });
    await clock.advance(60_000);
    server.socket.drop();
    await clock.advance(300);
    await server.letIn();
    await expect(joining).resolves.toMatchObject({ type: 'joined' });
    expect(events).toEqual(['waiting', 'reconnecting:1:full', 'joined']);
  });

  it('passes messages on in order, drops those that it has, and takes a gap for a fault that a resume cures', async () => {
    await join();
    server.say({ type: 'speakers', speakers: [] });
    server.socket.deliver({ seq: 2, type: 'speakers', speakers: [] });
    server.socket.deliver({ seq: 5, type: 'speakers', speakers: [] });
    expect(events).toEqual(['joined', 'speakers', 'fault:gap', 'reconnecting:1:signal']);
    await clock.advance(300);
    server.socket.accept();
    expect(server.last('resume')).toMatchObject({ session: 's1', token: 't1', lastSeq: 2 });
    server.resumed(1);
    server.seq = 2;
    server.say({ type: 'speakers', speakers: [] });
    expect(events.at(-1)).toBe('speakers');
  });

  it('gives the session up when a gap comes again at the same place', async () => {
    await join();
    server.socket.deliver({ seq: 9, type: 'speakers', speakers: [] });
    await clock.advance(300);
    server.socket.accept();
    server.resumed(1);
    server.socket.deliver({ seq: 9, type: 'speakers', speakers: [] });
    await clock.advance(5000);
    await server.letIn();
    expect(events.at(-1)).toBe('rejoined');
  });

  it('counts a message of an unknown type and passes over it', async () => {
    await join();
    server.say({ type: 'from_the_future' });
    server.say({ type: 'speakers', speakers: [] });
    expect(events).toEqual(['joined', 'speakers']);
  });

  it('resumes and sends again exactly what did not arrive, with the same ids', async () => {
    await join();
    const requests = [chat('arrived'), chat('lost'), chat('lost too')];
    server.socket.drop();
    const late = chat('while away');
    await clock.advance(300);
    server.socket.accept();
    expect(server.sent('chat')).toEqual([]);
    server.resumed(2);
    expect(server.sent('chat').map(({ id, text }) => [id, text])).toEqual([
      [3, 'lost'],
      [4, 'lost too'],
      [5, 'while away'],
    ]);
    for (const id of [2, 3, 4, 5]) server.say({ type: 'ok', id });
    await expect(Promise.all([...requests, late])).resolves.toHaveLength(4);
    await reopen();
    expect(server.last('resume').token).toBe('t2');
    server.resumed(5);
    expect(server.sent('chat')).toEqual([]);
  });

  it('joins anew when the session is gone, and tells the requests that waited', async () => {
    await join();
    const lost = chat('lost');
    await reopen();
    server.socket.deliver({ type: 'error', id: null, code: 'session_gone', message: '', retryable: false });
    await clock.advance(1000);
    await server.letIn();
    await expect(lost).rejects.toMatchObject({ code: 'session_gone', retryable: true });
    expect(events).toEqual(['joined', 'reconnecting:1:signal', 'reconnecting:2:full', 'rejoined']);
    const next = chat('new session');
    expect(server.last('chat').id).toBe(2);
    server.say({ type: 'ok', id: 2 });
    await expect(next).resolves.toBeDefined();
  });

  it('joins anew after a bye that says so, and stays away after the others', async () => {
    await join();
    server.say({ type: 'bye', code: 'server_stopping', message: '', retryable: true });
    await clock.advance(300);
    await server.letIn();
    expect(events.at(-1)).toBe('rejoined');
    server.say({ type: 'bye', code: 'removed', message: '', retryable: false });
    expect(events.at(-1)).toBe('closed:removed');
    expect(clock.timers).toBe(0);
    await expect(chat('late')).rejects.toMatchObject({ code: 'closed' });
  });

  it('pings with the last number, and takes two heartbeats without a pong for a loss', async () => {
    await join();
    server.say({ type: 'speakers', speakers: [] });
    await clock.advance(15_000);
    expect(server.last('ping')).toMatchObject({ ack: 2 });
    server.socket.deliver({ type: 'pong', ack: 1, time: null });
    await clock.advance(44_999);
    expect(signal.phase).toBe('open');
    await clock.advance(1);
    expect(events.at(-1)).toBe('reconnecting:1:signal');
    expect(server.sockets[0]?.closedWith).toBe(4000);
  });

  it('knows how long the server took to answer, on this socket', async () => {
    await join();
    expect(signal.roundTripTime).toBeNull();
    await clock.advance(40);
    server.socket.deliver({ type: 'pong', ack: 1, time: 0 });
    expect(signal.roundTripTime).toBe(40);
    server.socket.deliver({ type: 'pong', ack: 1, time: null });
    expect(signal.roundTripTime).toBe(40);
    server.socket.drop();
    expect(signal.roundTripTime).toBeNull();
  });

  it('backs off any time up to 0.3 s, doubling to 5 s', () => {
    expect([1, 2, 3, 4, 5, 6, 99].map((attempt) => backoff(attempt, 0))).toEqual([
      300, 600, 1200, 2400, 4800, 5000, 5000,
    ]);
    expect(backoff(6, 0.5)).toBe(2500);
    expect(backoff(1, 0.999)).toBeCloseTo(0.3);
  });

  it('tries at once when the network comes back', async () => {
    await join();
    server.socket.drop();
    for (const ms of [300, 600, 1200, 2400]) {
      await clock.advance(ms);
      server.socket.drop();
    }
    const before = server.sockets.length;
    wake(false);
    expect(server.sockets.length).toBe(before + 1);
  });

  it('gives a socket up that hangs in opening when the network comes back', async () => {
    await join();
    server.socket.drop();
    await clock.advance(300);
    const hanging = server.socket;
    wake(false);
    expect(hanging.closedWith).toBe(4000);
    expect(server.socket).not.toBe(hanging);
    server.socket.accept();
    server.resumed(1);
    expect(signal.phase).toBe('open');
  });

  it('refuses by itself what the server would not read', async () => {
    await join();
    await expect(chat('x'.repeat(70_000))).rejects.toMatchObject({ code: 'too_large' });
    expect(server.sent('chat')).toEqual([]);
  });

  it('asks a socket that may be dead, and does not wait long for the answer', async () => {
    await join();
    expect(server.sent('ping')).toHaveLength(1);
    server.socket.deliver({ type: 'pong', ack: 1, time: null });
    wake(false);
    expect(server.sent('ping')).toHaveLength(2);
    await clock.advance(999);
    expect(signal.phase).toBe('open');
    await clock.advance(1);
    expect(events.at(-1)).toBe('reconnecting:1:signal');
  });

  it('resumes in another network by the socket that opens first', async () => {
    await join();
    const old = server.socket;
    old.deliver({ type: 'pong', ack: 1, time: null });
    wake(true);
    expect(server.sent('ping')).toHaveLength(2);
    await clock.advance(199);
    expect(server.sockets).toHaveLength(1);
    await clock.advance(1);
    expect(server.sockets).toHaveLength(2);
    expect([signal.phase, old.closedWith]).toEqual(['open', null]);
    server.socket.accept();
    expect(old.closedWith).toBe(4000);
    expect(server.sent('resume')).toMatchObject([{ session: 's1', token: 't1', lastSeq: 1 }]);
    server.resumed(1);
    server.socket.deliver({ type: 'pong', ack: 1, time: null });
    expect(events).toEqual(['joined', 'reconnecting:1:signal']);
    await clock.advance(5000);
    expect(signal.phase).toBe('open');
    expect(server.sockets).toHaveLength(2);
  });

  it('gives a socket a second to show that it lives in another network, and goes on with the next one, open or not', async () => {
    await join();
    const old = server.socket;
    wake(true);
    await clock.advance(999);
    expect([signal.phase, old.closedWith]).toEqual(['open', null]);
    await clock.advance(1);
    expect(events).toEqual(['joined', 'reconnecting:1:signal']);
    expect([signal.phase, old.closedWith]).toEqual(['connecting', 4000]);
    await clock.advance(5000);
    expect(server.sockets).toHaveLength(2);
    server.socket.accept();
    server.resumed(1);
    expect(signal.phase).toBe('open');
  });

  it('stays with a socket that answers, and lets go of the other one', async () => {
    await join();
    const old = server.socket;
    wake(true);
    await clock.advance(200);
    const spare = server.socket;
    old.deliver({ type: 'pong', ack: 1, time: null });
    expect([old.closedWith, spare.closedWith]).toEqual([null, 4000]);
    expect(events).toEqual(['joined', 'heard anew']);
    await clock.advance(5000);
    expect(server.sockets).toHaveLength(2);
    expect(signal.phase).toBe('open');
  });

  it('tries as before where another socket is refused', async () => {
    await join();
    wake(true);
    await clock.advance(200);
    server.socket.drop();
    expect(signal.phase).toBe('open');
    await clock.advance(800);
    expect(signal.phase).toBe('lost');
    await clock.advance(300);
    server.socket.accept();
    server.resumed(1);
    expect(signal.phase).toBe('open');
  });

  it('says whether the socket that answered was in doubt for a network that is another one', async () => {
    await join();
    const pong = () => server.socket.deliver({ type: 'pong', ack: 1, time: null });
    pong();
    wake(false);
    wake(false);
    expect(server.sent('ping')).toHaveLength(2);
    pong();
    expect(events).toEqual(['joined', 'heard']);
    wake(false);
    wake(true);
    wake(false);
    pong();
    expect(events).toEqual(['joined', 'heard', 'heard anew']);
    wake(false);
    await clock.advance(200);
    server.socket.accept();
    expect(server.sent('resume')).toHaveLength(1);
    wake(false); // it is being resumed already
    await clock.advance(1000);
    expect(server.sockets).toHaveLength(2);
  });

  it('joins anew by a socket of its own when the session ends while another socket is tried', async () => {
    await join();
    const old = server.socket;
    wake(true);
    await clock.advance(200);
    const spare = server.socket;
    old.deliver({ seq: 2, type: 'bye', code: 'server_stopping', message: '', retryable: true });
    expect(spare.closedWith).toBe(4000);
    await clock.advance(300);
    await server.letIn();
    expect(events.at(-1)).toBe('rejoined');
  });

  it('leaves no socket behind', async () => {
    await join();
    wake(true);
    await clock.advance(200);
    signal.close();
    expect(server.sockets.every(({ closedWith }) => closedWith !== null)).toBe(true);
    expect(clock.timers).toBe(0);
  });

  it('says once that the socket has lived through a change of network', async () => {
    await join();
    server.socket.deliver({ type: 'pong', ack: 1, time: null });
    expect(events).toEqual(['joined']);
    wake(true);
    wake(true);
    server.socket.deliver({ type: 'pong', ack: 1, time: null });
    server.socket.deliver({ type: 'pong', ack: 1, time: null });
    expect(events).toEqual(['joined', 'heard anew']);
    await clock.advance(5000);
    expect(signal.phase).toBe('open');
  });

  it('begins its pauses anew when the network is back', async () => {
    await join();
    server.socket.drop();
    for (const ms of [300, 600, 1200, 2400, 4800]) {
      await clock.advance(ms);
      server.socket.drop();
    }
    wake(true);
    server.socket.drop();
    const before = server.sockets.length;
    await clock.advance(300);
    expect(server.sockets.length).toBe(before + 1);
    expect(events.at(-1)).toBe('reconnecting:7:signal');
  });

  it('resumes again over another network when the answer to the first time may be lost', async () => {
    await join();
    await reopen();
    const first = server.socket;
    expect(server.sent('resume')).toHaveLength(1);
    wake(true);
    expect(first.closedWith).toBe(4000);
    server.socket.accept();
    expect(server.last('resume')).toMatchObject({ session: 's1', token: 't1' });
    server.resumed(1);
    expect(signal.phase).toBe('open');
  });

  it('does not join twice because the network changes meanwhile', async () => {
    await join();
    server.say({ type: 'bye', code: 'server_stopping', message: '', retryable: true });
    await clock.advance(300);
    server.socket.accept();
    const before = server.sockets.length;
    wake(true);
    expect(server.sockets.length).toBe(before);
  });

  it('stops waiting for a reply when aborted, and does not send what was aborted while away', async () => {
    await join();
    const abort = new AbortController();
    const sent = chat('sent', abort.signal);
    server.socket.drop();
    const unsent = chat('unsent', abort.signal);
    abort.abort();
    await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
    await expect(unsent).rejects.toMatchObject({ name: 'AbortError' });
    await clock.advance(300);
    server.socket.accept();
    server.resumed(1);
    expect(server.sent('chat')).toEqual([]);
  });

  it('lets go of the socket when a join is aborted', async () => {
    const abort = new AbortController();
    const joining = signal.join(async () => BODY, abort.signal);
    await settle();
    abort.abort();
    await expect(joining).rejects.toMatchObject({ name: 'AbortError' });
    expect(server.socket.closedWith).toBe(1000);
    expect(clock.timers).toBe(0);
  });

  it('says good-bye where it is given up between join and reply, for the server may have let it in', async () => {
    const abort = new AbortController();
    const joining = signal.join(async () => BODY, abort.signal);
    await settle();
    server.socket.accept();
    expect(server.sent('join')).toHaveLength(1);
    abort.abort();
    await expect(joining).rejects.toMatchObject({ name: 'AbortError' });
    expect(server.sent('leave')).toEqual([{ type: 'leave', id: 2 }]);
    expect(server.socket.closedWith).toBe(1000);
  });

  it('leaves with a good-bye', async () => {
    await join();
    const leaving = signal.leave();
    expect(server.sent('leave')).toHaveLength(1);
    server.say({ type: 'bye', code: 'left', message: '', retryable: false });
    await leaving;
    expect(server.socket.closedWith).toBe(1000);
  });

  it('keeps to the rate that the server allows', async () => {
    await join();
    for (let n = 0; n < 200; n++) chat(`${n}`).catch(() => undefined);
    expect(server.sent('chat')).toHaveLength(150);
    await clock.advance(1000);
    expect(server.sent('chat')).toHaveLength(200);
    expect(server.sent('chat').map(({ id }) => id)).toEqual(Array.from({ length: 200 }, (_, n) => n + 2));
  });
});
