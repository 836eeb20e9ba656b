import { beforeEach, describe, expect, it } from 'vitest';
import { settle } from '../../test/fakes/clock.js';
import { FakeRoom } from '../../test/fakes/room.js';
import type { ChatMessage } from '../wire/generated.js';

const message = (number: number, more: Partial<ChatMessage> = {}): ChatMessage => ({
  id: `m${number}`,
  sender: 'bob',
  name: 'Bob',
  text: `text ${number}`,
  to: null,
  time: number,
  number,
  ...more,
});
const edited = (number: number, change: number) => message(number, { text: `edited ${number}`, change });

describe('chat', () => {
  let fake: FakeRoom;
  const told: number[] = [];
  const say = (number: number) => fake.server.say({ type: 'chat', message: message(number) });
  const change = (changed: ChatMessage) => fake.server.say({ type: 'chat_changed', message: changed });
  const answerWith = (messages: ChatMessage[], more: boolean) => {
    const { id } = fake.server.last('chat_history');
    fake.server.say({ type: 'chat_page', id, messages, more });
    return settle();
  };
  const answer = (numbers: number[], more: boolean) =>
    answerWith(
      numbers.map((number) => message(number)),
      more,
    );
  const texts = () => fake.room.chat.messages.map(({ text }) => text);
  const known = () => fake.room.chat.messages.map(({ number }) => number);

  const altered: string[] = [];

  beforeEach(() => {
    fake = new FakeRoom();
    told.length = altered.length = 0;
    fake.room.addEventListener('chatchange', ({ message: { text } }) => altered.push(text));
    fake.room.addEventListener('chat', ({ message: { number } }) => told.push(number));
  });

  it('asks after joining anew for all that was missed, and puts what comes meanwhile behind it', async () => {
    await fake.join({ messages: [message(1), message(2)] });
    say(3);
    await fake.rejoin({ messages: [message(8), message(9)] });
    expect(fake.server.last('chat_history')).toMatchObject({ after: 3, limit: 100 });
    say(10);
    await answer([4, 5, 6], true);
    expect(fake.server.last('chat_history')).toMatchObject({ after: 6 });
    await answer([7, 8, 9], false);
    expect(fake.server.last('chat_history')).toMatchObject({ changed: 3, before: 4 });
    await answer([], false);
    expect(known()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(told).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('makes do with what the room shows where the past cannot be had', async () => {
    await fake.join({ messages: [message(1)] });
    await fake.rejoin({ messages: [message(1), message(5)] });
    const { id } = fake.server.last('chat_history');
    fake.server.say({ type: 'error', id, code: 'store_failed', message: '', retryable: true });
    await settle();
    say(6);
    expect(known()).toEqual([1, 5, 6]);
    expect(told).toEqual([5, 6]);
  });

  it('begins once more when the session is lost while it asks', async () => {
    await fake.join({ messages: [message(1)] });
    await fake.rejoin({ messages: [message(4)] });
    await fake.rejoin({ messages: [message(5)] });
    await answer([2, 3, 4, 5], false);
    await answer([], false);
    expect(known()).toEqual([1, 2, 3, 4, 5]);
    expect(told).toEqual([2, 3, 4, 5]);
  });

  it('shows a message as it is now, whatever order its changes come in', async () => {
    await fake.join({ messages: [message(1), message(2)] });
    change(edited(1, 5));
    change(message(1, { text: 'older', change: 4 }));
    expect(texts()).toEqual(['edited 1', 'text 2']);
    expect(altered).toEqual(['edited 1']);
    change(message(2, { text: '', deleted: true, change: 6 }));
    expect(fake.room.chat.messages[1]).toMatchObject({ id: 'm2', text: '', deleted: true });
    expect(told).toEqual([]);
  });

  it('tells of a change of what it has let go, for it may be shown somewhere', async () => {
    await fake.join({ messages: [message(8)] });
    change(edited(1, 9));
    expect(known()).toEqual([8]);
    expect(altered).toEqual(['edited 1']);
  });

  it('asks after joining anew for what has become of what it knew, once it knows what is new', async () => {
    await fake.join({ messages: [message(1), message(2)] });
    change(edited(1, 3));
    await fake.rejoin({ messages: [edited(1, 3), message(2), edited(7, 9)] });
    await answerWith([edited(7, 9)], false);
    expect(fake.server.last('chat_history')).toMatchObject({ changed: 3, before: 3 });
    change(edited(2, 12));
    await answerWith([message(2, { text: 'stale', change: 10 })], true);
    expect(fake.server.last('chat_history')).toMatchObject({ changed: 10, before: 3 });
    await answerWith([message(1, { text: '', deleted: true, change: 11 })], false);
    expect(texts()).toEqual(['', 'edited 2', 'edited 7']);
    expect(told).toEqual([7]);
  });

  it('forgets what was cleared, also while it was away', async () => {
    await fake.join({ messages: [message(1), message(2)] });
    fake.server.say({ type: 'chat_cleared', number: 1 });
    expect(known()).toEqual([2]);
    await fake.rejoin({ messages: [message(8)], chat: { cleared: 5, read: [] } });
    expect(known()).toEqual([8]);
    change(edited(2, 9));
    expect(known()).toEqual([8]);
  });

  it('edits, deletes and reacts, again in the next session where it does not know', async () => {
    await fake.join({ messages: [message(1)] });
    await fake.room.chat.edit('m1', 'new');
    expect(fake.server.last('chat_edit')).toMatchObject({ message: 'm1', text: 'new' });
    await fake.room.chat.react('m1', '👍', { on: false });
    expect(fake.server.last('chat_react')).toMatchObject({ message: 'm1', reaction: '👍', on: false });
    fake.server.answering = false;
    const deleting = fake.room.chat.delete('m1');
    await settle();
    await fake.rejoin({ messages: [message(1)] });
    expect(fake.server.sent('chat_delete'), 'on the new socket').toHaveLength(1);
    fake.server.say({ type: 'ok', id: fake.server.last('chat_delete').id });
    await deleting;
  });

  it('tells now and then that one writes, and at once when it is for somebody else or over', async () => {
    await fake.join();
    const { chat } = fake.room;
    const said = () => fake.server.sent('chat_typing').map(({ active, to }) => [active, to]);
    chat.typing({ active: false });
    for (let key = 0; key < 5; key += 1) {
      chat.typing();
      await fake.clock.advance(1000);
    }
    expect(said()).toEqual([
      [true, null],
      [true, null],
    ]);
    chat.typing({ to: 'bob' });
    await chat.send('hi', { to: 'bob' });
    chat.typing({ active: false });
    expect(said().slice(2)).toEqual([[true, 'bob']]);
  });

  it('shows who else writes, and how far people have read', async () => {
    await fake.join({ chat: { cleared: 0, read: [{ participant: 'bob', number: 4 }] } });
    expect([...fake.room.chat.readMarks]).toEqual([['bob', 4]]);
    fake.server.say({ type: 'chat_typing', participants: ['ana', 'bob'], private: false });
    fake.server.say({ type: 'chat_typing', participants: ['cy'], private: true });
    expect(fake.room.snapshot).toMatchObject({ typists: ['bob'], privateTypists: ['cy'] });
    const before = fake.room.chat.readMarks;
    fake.server.say({ type: 'chat_read', marks: [{ participant: 'bob', number: 9 }] });
    expect(fake.room.snapshot.readMarks.get('bob')).toBe(9);
    expect(before.get('bob')).toBe(4);
  });

  it('tells how far one has read, one request at a time, and again in the next session', async () => {
    await fake.join();
    fake.server.answering = false;
    const said = () => fake.server.sent('chat_read').map(({ number }) => number);
    for (const number of [1, 2, 3, 2]) fake.room.chat.read(number);
    await settle();
    expect(said()).toEqual([1]);
    fake.server.say({ type: 'ok', id: fake.server.last('chat_read').id });
    await settle();
    expect(said()).toEqual([1, 3]);
    await fake.rejoin({ chat: { cleared: 0, read: [{ participant: 'ana', number: 1 }] } });
    await settle();
    expect(said(), 'on the new socket').toEqual([3]);
  });

  it('says a message again in the next session, with the same key, and another one with another', async () => {
    await fake.join();
    fake.server.answering = false;
    let done = false;
    const sending = fake.room.chat.send('once').then(() => {
      done = true;
    });
    await settle();
    const first = fake.server.last('chat');
    expect(first.key).toMatch(/^.{16,64}$/);
    await fake.rejoin();
    const again = fake.server.last('chat');
    expect(again).toMatchObject({ text: 'once', key: first.key });
    expect(done).toBe(false);
    fake.server.say({ type: 'ok', id: again.id });
    await sending;
    void fake.room.chat.send('twice').catch(() => undefined);
    await settle();
    expect(fake.server.last('chat').key).not.toBe(first.key);
  });

  it('does not say again what the server has refused', async () => {
    await fake.join();
    fake.server.answering = false;
    const sending = fake.room.chat.send('hello');
    await settle();
    const { id } = fake.server.last('chat');
    fake.server.say({ type: 'error', id, code: 'store_failed', message: 'later', retryable: true });
    await expect(sending).rejects.toMatchObject({ code: 'store_failed', retryable: true });
    expect(fake.server.sent('chat')).toHaveLength(1);
  });

  it('reads pages of the past, which change nothing of what is shown', async () => {
    await fake.join({ messages: [message(9)] });
    const reading = fake.room.chat.history({ before: 9, limit: 2, words: 'text' });
    await settle();
    expect(fake.server.last('chat_history')).toMatchObject({ before: 9, limit: 2, words: 'text' });
    await answer([7, 8], true);
    expect(await reading).toMatchObject({ messages: [{ number: 7 }, { number: 8 }], more: true });
    expect(known()).toEqual([9]);
    expect(told).toEqual([]);
  });
});
