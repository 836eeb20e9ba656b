import type { Clock } from '../common/clock.js';
import { abortable, RoomError } from '../common/room-error.js';
import { backoff } from '../signal/backoff.js';
import type { UploadOptions } from './files.js';

/** Leave to upload to a room. */
export interface Leave {
  /** Of the room's files. */
  url: string;
  token: string;
  /** In seconds since 1970. */
  expires: number;
}

interface UploadPorts {
  clock: Clock;
  /** `fresh`: the last one was refused. */
  granted(fresh: boolean): Promise<Leave>;
  untilConnected(signal?: AbortSignal | null): Promise<void>;
}

const FIRST_CHUNK = 512 * 1024;
const LEAST_CHUNK = 128 * 1024;
const LARGEST_CHUNK = 8 * 1024 * 1024;
/** A request that is quicker than this, in milliseconds, is followed by a larger one. */
const QUICK = 1000;
/** Tries in a row that brought nothing. */
const GIVES_UP = 8;
/** What may be otherwise in a moment, or where the server knows better how far it is. */
const AGAIN = new Set([401, 408, 409, 423, 429, 500, 502, 503, 504]);

/** Uploads by tus 1.0.0, as much of it as it takes, in requests of about a second each: so there is progress to be shown, and little is lost. Gives the file's id. */
export async function upload(file: Blob, options: UploadOptions, ports: UploadPorts): Promise<string> {
  const { to = null, signal = null, onProgress } = options;
  const name = options.name ?? (file as Partial<File>).name ?? '';
  const remembered = new Remembered((await ports.granted(false)).url, file, name, to);
  let where = remembered.url;
  let offset = -1;
  let size = FIRST_CHUNK;
  let failed = 0;

  const ask = async (method: string, url: string | null, headers: Record<string, string>, body?: Blob) => {
    const { url: endpoint, token } = await ports.granted(false);
    const response = await fetch(url ?? endpoint, {
      method,
      headers: { 'tus-resumable': '1.0.0', authorization: `Bearer ${token}`, ...headers },
      ...(body && { body }),
      ...(signal && { signal }),
    });
    if (response.ok) return response;
    if (response.status === 401) await ports.granted(true);
    throw await refusal(response, AGAIN.has(response.status));
  };
  /** One step; the id of the file where it was the last one. */
  const step = async (): Promise<string | null> => {
    if (where === null) {
      const metadata = `filename ${base64(name)}${to === null ? '' : `,to ${base64(to)}`}`;
      const created = await ask('POST', null, { 'upload-length': `${file.size}`, 'upload-metadata': metadata });
      where = new URL(created.headers.get('location') ?? '', created.url || (await ports.granted(false)).url).href;
      remembered.keep(where);
    }
    const begun = ports.clock.now();
    const known = offset >= 0 && offset < file.size;
    const headers = { 'upload-offset': `${offset}`, 'content-type': 'application/offset+octet-stream' };
    const response = known
      ? await ask('PATCH', where, headers, file.slice(offset, offset + size))
      : await ask('HEAD', where, {});
    const now = Number(response.headers.get('upload-offset'));
    if (known) {
      failed = 0;
      const took = ports.clock.now() - begun;
      size =
        took < QUICK ? Math.min(size * 2, LARGEST_CHUNK) : took > 4 * QUICK ? Math.max(size / 2, LEAST_CHUNK) : size;
    }
    offset = now;
    onProgress?.({ sent: offset, size: file.size });
    return response.headers.get('tertulia-file');
  };

  try {
    for (;;) {
      signal?.throwIfAborted();
      try {
        const id = await step();
        if (id !== null) {
          remembered.forget();
          return id;
        }
      } catch (error) {
        signal?.throwIfAborted();
        let passes = error instanceof RoomError ? error.retryable : true;
        if (error instanceof RoomError && error.code === 'no_such_file' && offset < 0 && where !== null) {
          // What an earlier page had begun is forgotten by the server.
          remembered.forget();
          where = null;
          passes = true;
        }
        if (!passes || ++failed > GIVES_UP) throw error instanceof RoomError ? error : unreachable(error);
        offset = -1;
        await abortable(
          new Promise<void>((go) => ports.clock.setTimeout(go, backoff(failed, ports.clock.random()))),
          signal,
        );
        // As long as the room itself is not to be reached, files need not be tried.
        await ports.untilConnected(signal);
      }
    }
  } catch (error) {
    if (signal?.aborted && where !== null) void giveUp(where, ports, remembered);
    throw error;
  }
}

async function giveUp(where: string, ports: UploadPorts, remembered: Remembered): Promise<void> {
  remembered.forget();
  try {
    const { token } = await ports.granted(false);
    const headers = { 'tus-resumable': '1.0.0', authorization: `Bearer ${token}` };
    await fetch(where, { method: 'DELETE', headers, keepalive: true });
  } catch {
    // It ends by itself in a day.
  }
}

async function refusal(response: Response, retryable: boolean): Promise<RoomError> {
  const problem: { code?: string; detail?: string } = await response.json().catch(() => ({}));
  const code = problem.code ?? (response.status === 404 ? 'no_such_file' : 'internal');
  const passing = retryable && code !== 'too_many_uploads';
  return new RoomError(code as RoomError['code'], problem.detail ?? `Status ${response.status}.`, {
    retryable: passing,
  });
}

const unreachable = (cause: unknown) =>
  new RoomError('unreachable', 'The file could not be sent.', { retryable: true, cause });

const base64 = (text: string) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

const KEY = 'tertulia-uploads';
const MOST = 20;

/** Which upload is which file's, so that a page that is loaded anew goes on with it. Without a place to keep it, it begins anew. */
class Remembered {
  readonly #key: string;

  constructor(room: string, file: Blob, name: string, to: string | null) {
    const { lastModified = 0 } = file as Partial<File>;
    this.#key = JSON.stringify([room, name, file.size, lastModified, to]);
  }

  get url(): string | null {
    return this.#read()[this.#key] ?? null;
  }

  keep(url: string): void {
    const { [this.#key]: _, ...others } = this.#read();
    this.#write({ ...Object.fromEntries(Object.entries(others).slice(1 - MOST)), [this.#key]: url });
  }

  forget(): void {
    const { [this.#key]: _, ...others } = this.#read();
    this.#write(others);
  }

  #read(): Record<string, string> {
    try {
      return JSON.parse(localStorage.getItem(KEY) ?? '{}');
    } catch {
      return {};
    }
  }

  #write(urls: Record<string, string>): void {
    try {
      localStorage.setItem(KEY, JSON.stringify(urls));
    } catch {
      // The page has no storage, or no more of it.
    }
  }
}
