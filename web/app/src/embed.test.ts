import { expect, test, vi } from 'vitest';
import { type Commands, listenToParent } from './embed.ts';

const HOST = 'https://host.example';
const HELLO = { tertulia: 1, type: 'hello', token: 'a.b.c', name: ' Ana ', lang: 'zh', theme: 'dark', autojoin: true };
const NEW = { state: 'new', reason: null, participants: 0 } as const;

/** A window in a frame, and what its parent got. */
function frame() {
  const target = new EventTarget();
  const parent = { postMessage: vi.fn() };
  const window = Object.assign(target, { parent, setTimeout: globalThis.setTimeout }) as unknown as Window;
  const post = (data: unknown, { origin = HOST, source = parent as unknown } = {}) =>
    target.dispatchEvent(Object.assign(new Event('message'), { data, origin, source }));
  const heard: Commands = { hello: vi.fn(), leave: vi.fn(), mute: vi.fn() };
  return { window, parent, post, heard };
}

test('a hello is kept for who asks later, and only what is understood is taken', async () => {
  const { window, post } = frame();
  const side = listenToParent(window);
  post(HELLO);
  expect(await side.hello(1000)).toEqual({
    token: 'a.b.c',
    name: 'Ana',
    language: 'zh',
    theme: 'dark',
    autojoin: true,
  });

  const other = frame();
  const otherSide = listenToParent(other.window);
  other.post({ ...HELLO, token: 7, name: {}, lang: 'toString', theme: 'pink', autojoin: 'yes' });
  expect(await otherSide.hello(1000)).toEqual({
    token: null,
    name: null,
    language: null,
    theme: null,
    autojoin: false,
  });
});

test('without a hello one does not wait for ever, and tells nobody anything', async () => {
  const { window, parent } = frame();
  const side = listenToParent(window);
  side.report(NEW);
  expect(await side.hello(1)).toBeNull();
  expect(parent.postMessage).not.toHaveBeenCalled();
});

test('the state goes to the origin that said hello, each change once', () => {
  const { window, parent, post } = frame();
  const side = listenToParent(window);
  side.report(NEW);
  post(HELLO);
  expect(parent.postMessage).toHaveBeenLastCalledWith({ tertulia: 1, type: 'state', ...NEW }, HOST);
  side.report({ ...NEW });
  expect(parent.postMessage).toHaveBeenCalledTimes(1);
  side.report({ state: 'closed', reason: 'room_full', participants: 0 });
  expect(parent.postMessage).toHaveBeenLastCalledWith(
    { tertulia: 1, type: 'state', state: 'closed', reason: 'room_full', participants: 0 },
    HOST,
  );
});

test('commands are carried out once somebody follows them', () => {
  const { window, post, heard } = frame();
  const side = listenToParent(window);
  post(HELLO);
  const stop = side.follow(heard);
  post({ tertulia: 1, type: 'mute', source: 'camera', muted: true });
  post({ tertulia: 1, type: 'mute', source: 'screen', muted: true });
  post({ tertulia: 1, type: 'mute', source: 'camera', muted: 1 });
  post({ tertulia: 1, type: 'leave' });
  post({ ...HELLO, token: 'fresh' });
  expect(heard.mute).toHaveBeenCalledExactlyOnceWith('camera', true);
  expect(heard.leave).toHaveBeenCalledOnce();
  expect(heard.hello).toHaveBeenCalledWith(expect.objectContaining({ token: 'fresh' }));
  stop();
  post({ tertulia: 1, type: 'leave' });
  expect(heard.leave).toHaveBeenCalledOnce();
});

test('nobody but the parent is heard, and no other origin after the first', () => {
  const { window, parent, post, heard } = frame();
  const side = listenToParent(window);
  side.follow(heard);
  side.report(NEW);
  post({ tertulia: 1, type: 'leave' }); // before hello
  post(HELLO, { source: window }); // from the frame itself
  post(HELLO, { source: null });
  post(HELLO, { origin: 'null' });
  for (const noise of [null, 7, 'hello', [], { type: 'hello' }, { tertulia: 2, type: 'hello' }]) post(noise);
  expect(heard.hello).not.toHaveBeenCalled();
  post(HELLO);
  expect(heard.hello).toHaveBeenCalledOnce();
  post({ ...HELLO, token: 'evil' }, { origin: 'https://evil.example' });
  post({ tertulia: 1, type: 'leave' }, { origin: 'https://evil.example' });
  expect(heard.hello).toHaveBeenCalledOnce();
  expect(heard.leave).not.toHaveBeenCalled();
  expect(parent.postMessage).toHaveBeenCalledTimes(1);
});

test('a page that is not in a frame is its own parent, and is not heard either', () => {
  const { window, post, heard } = frame();
  const alone = Object.assign(window, { parent: window });
  listenToParent(alone).follow(heard);
  post(HELLO, { source: alone });
  expect(heard.hello).not.toHaveBeenCalled();
});
