import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { settle } from '../../test/fakes/clock.js';
import { FakeRoom } from '../../test/fakes/room.js';
import { RoomError } from '../common/room-error.js';
import type { SharedFile } from './files.js';

const PICTURE: SharedFile = {
  id: 'f1',
  sender: 'bob',
  senderName: 'Bob',
  name: 'cat.png',
  size: 3,
  mediaType: 'image/png',
  sha256: 'aa',
  preview: { width: 4, height: 3 },
  to: null,
  time: 1,
  number: 1000,
};
const LATER = () => Date.now() / 1000 + 600;

/** A tus server with one upload: as much as a client may rely on. `trouble` is asked before each request. */
class FakeTus {
  readonly asked: string[] = [];
  readonly metadata: string[] = [];
  received = new Uint8Array();
  size = -1;
  trouble: (method: string) => Response | null = () => null;

  readonly fetch = async (url: string | URL, { method = 'GET', headers = {}, body }: RequestInit = {}) => {
    this.asked.push(method);
    const refused = this.trouble(method);
    if (refused) return refused;
    const told = headers as Record<string, string>;
    if (method === 'POST') {
      this.size = Number(told['upload-length']);
      this.metadata.push(told['upload-metadata'] ?? '');
      return new Response(null, { status: 201, headers: { location: '/files/demo/upload/k1' } });
    }
    expect(String(url)).toBe('http://host/files/demo/upload/k1');
    if (this.size < 0) return problem(404, 'no_such_file');
    if (method === 'DELETE') {
      this.size = -1;
      return new Response(null, { status: 204 });
    }
    if (method === 'PATCH') {
      if (Number(told['upload-offset']) !== this.received.length) return problem(409, 'offset_conflict');
      const more = new Uint8Array(await (body as Blob).arrayBuffer());
      this.received = new Uint8Array([...this.received, ...more]);
    }
    const done: Record<string, string> = this.received.length === this.size ? { 'tertulia-file': 'f1' } : {};
    return new Response(null, { headers: { 'upload-offset': `${this.received.length}`, ...done } });
  };
}

const problem = (status: number, code: string) => Response.json({ code, detail: code }, { status });

let fake: FakeRoom;
let tus: FakeTus;
const stored = new Map<string, string>();

beforeEach(async () => {
  stored.clear();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
  });
  tus = new FakeTus();
  vi.stubGlobal('fetch', tus.fetch);
  fake = new FakeRoom();
  await fake.join();
  const { socket } = fake.server;
  const { send } = socket;
  socket.send = (text) => {
    if (typeof text !== 'string') return send.call(socket, text);
    const message = JSON.parse(text);
    if (!String(message.type).startsWith('file_')) return send.call(socket, text);
    socket.received.push(message);
    queueMicrotask(() => answer(message));
  };
});
afterEach(() => vi.unstubAllGlobals());

function answer({ id, type, files = [] }: { id: number; type: string; files?: string[] }): void {
  if (type === 'file_grant')
    fake.server.say({
      type: 'file_granted',
      id,
      url: 'files/demo',
      token: 'grant.x',
      expires: LATER(),
      maxBytes: 100,
      types: [],
      refused: [],
    });
  if (type === 'file_list') fake.server.say({ type: 'file_page', id, files: [PICTURE], more: false });
  if (type === 'file_links') {
    const links = files
      .filter((file) => file !== 'gone')
      .map((file) => ({ file, url: `files/demo/${file}/a.png?s=1`, preview: `files/demo/preview/${file}?s=2` }));
    fake.server.say({ type: 'file_linked', id, links, expires: LATER() });
  }
}

test('files that come are known, once, and told', async () => {
  const told: string[] = [];
  fake.room.addEventListener('fileadded', ({ file }) => told.push(file.name));
  fake.server.say({ type: 'file_added', file: PICTURE });
  await fake.room.files.list();
  expect(fake.room.files.known).toEqual([PICTURE]);
  expect(fake.room.snapshot.files).toEqual([PICTURE]);
  fake.server.say({ type: 'file_removed', file: 'f1' });
  expect(fake.room.files.known).toEqual([]);
  expect(told).toEqual(['cat.png']);
});

test('links that are asked for in one go take one request, and are given again until they end', async () => {
  const { files } = fake.room;
  const [one, other] = await Promise.all([files.link('f1'), files.link('f2'), files.link('f1')]);
  expect(one).toMatchObject({ url: 'http://host/files/demo/f1/a.png?s=1' });
  expect(other.preview).toBe('http://host/files/demo/preview/f2?s=2');
  await files.link('f1');
  expect(fake.server.sent('file_links').map(({ files }) => files)).toEqual([['f1', 'f2']]);
  await expect(files.link('gone')).rejects.toMatchObject({ code: 'no_such_file' });
});

test('a file goes up in pieces, with its name and how far it is', async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(65_536));
  const file = new Blob(Array.from({ length: 20 }, () => bytes));
  const progress: number[] = [];
  const shared = await fake.room.files.upload(file, {
    name: 'Übersicht.png',
    onProgress: ({ sent }) => progress.push(sent),
  });
  expect(shared).toEqual(PICTURE);
  expect(tus.asked).toEqual(['POST', 'HEAD', 'PATCH', 'PATCH']);
  expect(progress).toEqual([0, 524_288, file.size]);
  expect(Buffer.from(tus.received).equals(Buffer.from(await file.arrayBuffer()))).toBe(true);
  expect(tus.metadata).toEqual([`filename ${Buffer.from('Übersicht.png').toString('base64')}`]);
  expect(stored.get('tertulia-uploads')).toBe('{}');
});

test('what breaks off goes on where the server is', async () => {
  let broken = 0;
  tus.trouble = (method) => {
    if (method !== 'PATCH' || ++broken !== 2) return null;
    // It had arrived, but for its answer.
    tus.received = new Uint8Array([...tus.received, 1, 2, 3]);
    throw new TypeError('network');
  };
  const uploading = fake.room.files.upload(new Blob([new Uint8Array(600_000)]));
  await settle();
  await vi.waitFor(async () => {
    await fake.clock.advance(1000);
    expect(tus.received.length).toBe(600_000);
  });
  await uploading;
  expect(tus.asked).toEqual(['POST', 'HEAD', 'PATCH', 'PATCH', 'HEAD', 'PATCH']);
});

test('a page that is loaded anew goes on with the same file', async () => {
  const file = new File([new Uint8Array(10)], 'a.bin', { lastModified: 7 });
  tus.size = 10;
  tus.received = new Uint8Array(4);
  const key = JSON.stringify(['http://host/files/demo', 'a.bin', 10, 7, null]);
  stored.set('tertulia-uploads', JSON.stringify({ [key]: 'http://host/files/demo/upload/k1' }));
  await fake.room.files.upload(file);
  expect(tus.asked).toEqual(['HEAD', 'PATCH']);
});

test('what the server has forgotten meanwhile begins anew', async () => {
  const file = new File([new Uint8Array(10)], 'a.bin', { lastModified: 7 });
  const key = JSON.stringify(['http://host/files/demo', 'a.bin', 10, 7, null]);
  stored.set('tertulia-uploads', JSON.stringify({ [key]: 'http://host/files/demo/upload/k1' }));
  const uploading = fake.room.files.upload(file);
  await vi.waitFor(async () => {
    await fake.clock.advance(1000);
    expect(tus.received.length).toBe(10);
  });
  await uploading;
  expect(tus.asked).toEqual(['HEAD', 'POST', 'HEAD', 'PATCH']);
});

test('what the server does not take is not tried again', async () => {
  tus.trouble = () => problem(413, 'too_large');
  const uploading = fake.room.files.upload(new Blob(['abc']));
  await expect(uploading).rejects.toMatchObject({ code: 'too_large', retryable: false });
  await expect(uploading).rejects.toBeInstanceOf(RoomError);
  expect(tus.asked).toEqual(['POST']);
});

test('an upload that is given up is deleted on the server', async () => {
  const stop = new AbortController();
  tus.trouble = (method) => {
    if (method === 'PATCH') stop.abort();
    return null;
  };
  const uploading = fake.room.files.upload(new Blob([new Uint8Array(600_000)]), { signal: stop.signal });
  await expect(uploading).rejects.toMatchObject({ name: 'AbortError' });
  await vi.waitFor(() => expect(tus.asked.at(-1)).toBe('DELETE'));
  expect(stored.get('tertulia-uploads')).toBe('{}');
});
