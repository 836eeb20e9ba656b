import { RoomError } from 'tertulia-client';
import { expect, test, vi } from 'vitest';
import { Outbox } from './outbox.ts';

test('a message is on its way until the room has taken it', async () => {
  let taken = () => {};
  const send = vi.fn(() => new Promise<void>((resolve) => (taken = resolve)));
  const outbox = new Outbox(send);
  outbox.address('ben');
  outbox.send('hello');
  expect(send).toHaveBeenCalledWith('hello', { to: 'ben' });
  expect(outbox.snapshot.outgoing).toMatchObject([{ text: 'hello', to: 'ben', state: 'sending' }]);
  taken();
  await vi.waitFor(() => expect(outbox.snapshot.outgoing).toEqual([]));
});

test('what was refused is kept with the reason, and can be sent again or given up', async () => {
  const send = vi.fn(async () => {});
  send.mockRejectedValueOnce(new RoomError('too_many_messages', 'slow down'));
  const outbox = new Outbox(send);
  outbox.send('one');
  await vi.waitFor(() =>
    expect(outbox.snapshot.outgoing).toMatchObject([{ state: 'failed', code: 'too_many_messages' }]),
  );
  const key = outbox.snapshot.outgoing[0]?.key ?? 0;
  outbox.retry(key);
  expect(outbox.snapshot.outgoing[0]?.state).toBe('sending');
  await vi.waitFor(() => expect(outbox.snapshot.outgoing).toEqual([]));
  expect(send).toHaveBeenCalledTimes(2);

  send.mockRejectedValueOnce(new Error('odd'));
  outbox.send('two');
  await vi.waitFor(() => expect(outbox.snapshot.outgoing).toMatchObject([{ state: 'failed', code: 'internal' }]));
  outbox.discard(outbox.snapshot.outgoing[0]?.key ?? 0);
  expect(outbox.snapshot.outgoing).toEqual([]);
});

test('a message that is sent again goes to whom it was written, whoever is addressed now', async () => {
  const send = vi.fn(async () => {});
  send.mockRejectedValueOnce(new RoomError('closed', 'gone'));
  const outbox = new Outbox(send);
  outbox.address('ben');
  outbox.send('secret');
  await vi.waitFor(() => expect(outbox.snapshot.outgoing[0]?.state).toBe('failed'));
  outbox.address(null);
  outbox.retry(outbox.snapshot.outgoing[0]?.key ?? 0);
  expect(send).toHaveBeenLastCalledWith('secret', { to: 'ben' });
});

test('a message that comes back before the answer to its sending is not on its way any more', async () => {
  let answer = () => {};
  const outbox = new Outbox(() => new Promise<void>((resolve) => (answer = resolve)));
  outbox.send('hello');
  outbox.send('hello');
  outbox.arrived({ text: 'hello', to: 'ben' });
  expect(outbox.snapshot.outgoing).toHaveLength(2);
  outbox.arrived({ text: 'hello', to: null });
  expect(outbox.snapshot.outgoing).toHaveLength(1);
  answer();
  await vi.waitFor(() => expect(outbox.snapshot.outgoing).toEqual([]));
});
