// npm's socket.io-client, unmodified: one scenario per run, which throws when something is not as it should be.
// node socketio_client.mjs URL TRANSPORTS SCENARIO
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { io } from 'socket.io-client';

const [url, transports, scenario] = process.argv.slice(2);
const options = { transports: transports.split('+'), forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 100 };

function open(namespace = '/', more = {}) {
  return io(url + (namespace === '/' ? '' : namespace), { ...options, ...more });
}

/** The next event of this name, as the list of its arguments. */
const next = (socket, event) => new Promise((resolve) => socket.once(event, (...args) => resolve(args)));

/** So many events of this name. */
function collect(socket, event, count) {
  const all = [];
  return new Promise((resolve) => {
    socket.on(event, (...args) => {
      all.push(args[0]);
      if (all.length === count) resolve(all);
    });
  });
}

async function upgraded(socket) {
  if (transports === 'polling+websocket' && socket.io.engine.transport.name === 'polling') {
    await next(socket.io.engine, 'upgrade');
  }
  const last = options.transports.at(-1);
  assert.equal(socket.io.engine.transport.name, last);
}

const scenarios = {
  async events() {
    const socket = open('/', { auth: { token: 'secret' } });
    assert.deepEqual(await next(socket, 'welcome'), [false, [], { token: 'secret' }]);
    const said = [1, 'é😀\u2028"', { a: [null, true, -1.5] }, [], ''];
    assert.deepEqual(await new Promise((resolve) => socket.emit('echo', ...said, (...args) => resolve(args))), said);
    socket.emit('echo event', ...said);
    assert.deepEqual(await next(socket, 'echoed'), said);
    assert.deepEqual(await socket.timeout(5000).emitWithAck('not defined', 7), ['not defined', 7]);
    socket.emit('echo event', 'half \ud83d an emoji');
    assert.deepEqual(await next(socket, 'echoed'), ['half ? an emoji']);
    await upgraded(socket);
  },

  async acknowledgements() {
    const socket = open();
    socket.on('question', (question, answer) => answer(question, 'because', Buffer.from([1])));
    const answer = await socket.timeout(5000).emitWithAck('ask me', 'why?');
    assert.deepEqual(answer, ['you said', ['why?', 'because', Buffer.from([1])]]);
    const failed = await socket.timeout(5000).emitWithAck('fail');
    assert.deepEqual(failed, { error: { code: 'internal', message: 'internal error' } });
    const refused = await socket.timeout(5000).emitWithAck('say', 'too few');
    assert.equal(refused.error.code, 'invalid');
    assert.ok(socket.connected);
  },

  async binary() {
    const socket = open();
    const parts = Array.from({ length: 9 }, (_, n) => Buffer.alloc(n * 100, n));
    const said = [{ deep: [{ bytes: Buffer.from([0, 255, 30, 98]) }] }, parts];
    const heard = await new Promise((resolve) => socket.emit('echo', ...said, (...args) => resolve(args)));
    assert.deepEqual(heard, said);
    socket.emit('echo event', ...said);
    assert.deepEqual(await next(socket, 'echoed'), said);
    assert.deepEqual(await socket.timeout(5000).emitWithAck('echo', Buffer.alloc(0)), Buffer.alloc(0));
    await upgraded(socket);
  },

  async large() {
    const socket = open();
    const text = 'x€😀'.repeat(90_000);
    assert.equal(await socket.timeout(10000).emitWithAck('echo', text), text);
    const bytes = Buffer.alloc(700_000, 'abc');
    assert.deepEqual(await socket.timeout(10000).emitWithAck('echo', bytes), bytes);
    await upgraded(socket);
  },

  async order() {
    const socket = open();
    const numbers = collect(socket, 'number', 1000);
    const echoed = collect(socket, 'echoed', 500);
    socket.emit('count', 1000);
    for (let n = 0; n < 500; n++) socket.emit('echo event', n);
    assert.deepEqual(await numbers, Array.from({ length: 1000 }, (_, n) => n));
    assert.deepEqual(await echoed, Array.from({ length: 500 }, (_, n) => n));
    await upgraded(socket);
  },

  async namespaces() {
    const stranger = open('/admin', { auth: { name: 'eve' } });
    const [error] = await next(stranger, 'connect_error');
    assert.equal(error.message, 'not you');
    assert.deepEqual(error.data, { code: 'wrong_name' });
    const [unknown] = await next(open('/nowhere'), 'connect_error');
    assert.equal(unknown.message, 'Invalid namespace');
    const ana = open('/admin', { auth: { name: 'ana' } });
    assert.deepEqual(await next(ana, 'entered'), ['ana']);
    // Two namespaces on one connection.
    const manager = open().io;
    const [main, dynamic] = [manager.socket('/'), manager.socket('/room-7')];
    assert.equal(await dynamic.timeout(5000).emitWithAck('which'), '/room-7');
    dynamic.disconnect();
    assert.equal(await main.timeout(5000).emitWithAck('echo', 1), 1);
  },

  async rooms() {
    const [one, two, three] = [open(), open(), open()];
    for (const socket of [one, two]) await socket.timeout(5000).emitWithAck('join', 'news', 'other');
    await three.timeout(5000).emitWithAck('echo');
    const heard = [];
    for (const [n, socket] of [one, two, three].entries()) socket.on('said', (text) => heard.push([n, text]));
    const all = async () => {
      for (const socket of [one, two, three]) await socket.timeout(5000).emitWithAck('echo');
    };
    one.emit('say', 'news', 'to the others');
    await all();
    one.emit('say', three.id, 'to three');
    await all();
    await two.timeout(5000).emitWithAck('leave', 'news');
    one.emit('say to all but', 'news', 'not to the room');
    await all();
    heard.sort();
    assert.deepEqual(heard, [[1, 'not to the room'], [1, 'to the others'], [2, 'not to the room'], [2, 'to three']]);
  },

  async leaving() {
    const socket = open();
    await next(socket, 'connect');
    socket.emit('send me away', false);
    assert.equal((await next(socket, 'disconnect'))[0], 'io server disconnect');
    assert.ok(!socket.active);
    const other = open();
    await next(other, 'connect');
    other.emit('send me away', true);
    assert.equal((await next(other, 'disconnect'))[0], 'io server disconnect');
    const third = open();
    await next(third, 'connect');
    third.disconnect();
    const last = open();
    const reasons = async () => last.timeout(5000).emitWithAck('who left');
    while ((await reasons()).length < 3) await sleep(10);
    const expected = ['client namespace disconnect', 'server namespace disconnect', 'server namespace disconnect'];
    assert.deepEqual((await reasons()).sort(), expected);
  },

  async heartbeat() {
    const socket = open();
    let pings = 0;
    await next(socket, 'connect');
    await upgraded(socket);
    socket.io.on('ping', () => { pings += 1; });
    while (pings < 3) await sleep(50);
    assert.equal(await socket.timeout(5000).emitWithAck('echo', 1), 1);
  },

  async 'comes back as another'() {
    const socket = open();
    await next(socket, 'connect');
    const before = socket.id;
    socket.emit('cut me and say', 'lost');
    await next(socket, 'connect');
    assert.notEqual(socket.id, before);
    assert.ok(!socket.recovered);
    assert.equal(await socket.timeout(5000).emitWithAck('echo', 1), 1);
  },

  async 'comes back as the same'() {
    const socket = open();
    await next(socket, 'connect');
    const before = socket.id;
    await socket.timeout(5000).emitWithAck('join', 'news');
    for (let round = 0; round < 3; round++) {
      const said = collect(socket, 'said', 3);
      const welcome = next(socket, 'welcome');
      socket.emit('cut me and say', `a${round}`, `b${round}`, `c${round}`);
      assert.deepEqual(await said, [`a${round}`, `b${round}`, `c${round}`]);
      assert.equal(socket.id, before);
      assert.ok(socket.recovered);
      assert.deepEqual((await welcome).slice(0, 2), [true, ['news']]);
      socket.off('said');
    }
    // The client's side of the connection breaks, and the server has not noticed when it comes back.
    socket.io.engine.close();
    await next(socket, 'connect');
    assert.ok(socket.recovered);
    assert.equal(socket.id, before);
    await upgraded(socket);
  },
};

const failed = setTimeout(() => { console.error('nothing happened for 20 s'); process.exit(2); }, 20_000);
await scenarios[scenario]();
clearTimeout(failed);
process.exit(0);
