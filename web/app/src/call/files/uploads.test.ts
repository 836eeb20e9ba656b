import { type Room, RoomError, type SharedFile, type UploadOptions } from 'tertulia-client';
import { expect, test, vi } from 'vitest';
import { Uploads } from './uploads.ts';

interface Call {
  file: Blob;
  options: UploadOptions;
  done(): void;
  fail(error: unknown): void;
}

function uploads(): { uploads: Uploads; calls: Call[] } {
  const calls: Call[] = [];
  const upload: Room['files']['upload'] = (file, options = {}) =>
    new Promise((resolve, reject) => {
      options.signal?.addEventListener('abort', () => reject(options.signal?.reason));
      calls.push({ file, options, done: () => resolve({} as SharedFile), fail: reject });
    });
  return { uploads: new Uploads(upload), calls };
}

const file = (name: string) => new File(['abc'], name);
const states = ({ snapshot }: Uploads) => snapshot.map(({ name, state }) => `${name} ${state}`);

test('two files go at a time, the others wait', async () => {
  const { uploads: all, calls } = uploads();
  all.add([file('a'), file('b'), file('c')], null);
  expect(states(all)).toEqual(['a sending', 'b sending', 'c waiting']);
  calls[0]?.options.onProgress?.({ sent: 2, size: 3 });
  expect(all.snapshot[0]?.sent).toBe(2);
  calls[0]?.done();
  await vi.waitFor(() => expect(states(all)).toEqual(['b sending', 'c sending']));
});

test('what failed is kept with the reason, and can be tried again', async () => {
  const { uploads: all, calls } = uploads();
  all.add([file('a')], 'ben');
  calls[0]?.fail(new RoomError('too_large', 'too large'));
  await vi.waitFor(() => expect(all.snapshot[0]).toMatchObject({ state: 'failed', code: 'too_large' }));
  all.retry(all.snapshot[0]?.key ?? 0);
  expect(states(all)).toEqual(['a sending']);
  expect(calls.map(({ options }) => options.to)).toEqual(['ben', 'ben']);
});

test('what is given up is stopped, and makes place', async () => {
  const { uploads: all, calls } = uploads();
  all.add([file('a'), file('b'), file('c')], null);
  all.giveUp(all.snapshot[0]?.key ?? 0);
  expect(calls[0]?.options.signal?.aborted).toBe(true);
  expect(states(all)).toEqual(['b sending', 'c sending']);
  await new Promise((resolve) => setTimeout(resolve));
  expect(states(all)).toEqual(['b sending', 'c sending']);
});
