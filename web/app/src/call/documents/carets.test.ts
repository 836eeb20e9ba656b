import type { SharedDocument } from 'tertulia-client';
import { Awareness, Y } from 'tertulia-client/documents';
import { expect, test, vi } from 'vitest';
import { caretsIn, OwnCaret } from './carets.ts';

/** As much of a shared document as carets need. */
function person(name: string) {
  const doc = new Y.Doc();
  const awareness = new Awareness(doc);
  awareness.setLocalStateField('user', { id: name, name });
  const text = doc.getText('text');
  const shared = { doc, awareness } as unknown as SharedDocument;
  return { doc, awareness, text, shared, own: new OwnCaret(shared, text), sees: () => caretsIn(shared, text) };
}

type Person = ReturnType<typeof person>;

/** What the server does for them. */
function meet(ana: Person, ben: Person) {
  const sync = (from: Person, to: Person) => {
    from.doc.on(
      'update',
      (update: Uint8Array, origin: unknown) => origin !== from && Y.applyUpdate(to.doc, update, to),
    );
    from.awareness.on('change', () => {
      const state = from.awareness.getLocalState();
      if (state) to.awareness.states.set(from.awareness.clientID, state);
    });
  };
  sync(ana, ben);
  sync(ben, ana);
}

test('a caret stays at its letter while others write', () => {
  const [ana, ben] = [person('Ana'), person('Ben')];
  meet(ana, ben);
  ana.text.insert(0, 'one two');
  ben.own.show(4, 7);
  expect(ana.sees()).toEqual([{ client: ben.awareness.clientID, name: 'Ben', anchor: 4, head: 7 }]);
  ana.text.insert(0, '> ');
  ana.text.insert(ana.text.length, ' three');
  expect(ana.sees()).toMatchObject([{ anchor: 6, head: 9 }]);
  ana.text.delete(0, ana.text.length);
  expect(ana.sees()).toMatchObject([{ anchor: 0, head: 0 }]);
  ben.own.hide();
  expect(ana.sees()).toEqual([]);
});

test('what others write is no reason to say anew where one is', () => {
  const [ana, ben] = [person('Ana'), person('Ben')];
  meet(ana, ben);
  ana.text.insert(0, 'ab');
  const told = vi.fn();
  ben.awareness.on('change', told);
  ben.own.show(2, 2);
  expect(told).toHaveBeenCalledTimes(1);
  ana.text.insert(2, 'c');
  ana.text.insert(0, '> ');
  // The field has moved its caret along with the text.
  ben.own.show(4, 4);
  expect(told).toHaveBeenCalledTimes(1);
  ben.own.show(5, 5);
  expect(told).toHaveBeenCalledTimes(2);
});

test.each([
  null,
  'here',
  {},
  { anchor: 1, head: 2 },
  { anchor: { item: 'x' }, head: { item: { client: -1, clock: 'y' } } },
  { anchor: { tname: 'another' }, head: { tname: 'another' } },
  { anchor: { type: { client: 1, clock: 1 } }, head: { type: { client: 1, clock: 1 } } },
])('what is no caret is none: %j', (cursor) => {
  const ana = person('Ana');
  ana.text.insert(0, 'text');
  ana.awareness.states.set(7, { user: { name: 'Mallory' }, cursor });
  expect(ana.sees()).toEqual([]);
});

test('a page of another make may name nobody', () => {
  const ana = person('Ana');
  ana.awareness.states.set(7, { cursor: { anchor: { tname: 'text' }, head: { tname: 'text' } } });
  expect(ana.sees()).toMatchObject([{ client: 7, name: '' }]);
});
