import type { Deferred } from '../common/deferred.js';
import { deferred } from '../common/deferred.js';
import { abortable, RoomError } from '../common/room-error.js';
import type { SharedFile as WireFile } from '../wire/generated.js';
import type { CallOptions, RoomContext } from './context.js';
import type { Leave } from './upload.js';
import { upload } from './upload.js';

const KEPT = 500;
const PAGE = 100;
/** Seconds before its end in which a link is not given away any more. */
const SPARE = 60;
const LINKS_AT_ONCE = 100;

/** A file that somebody has shared. */
export interface SharedFile {
  /** Never given twice. */
  readonly id: string;
  /** Id of the participant, who may have left meanwhile; `server` for what the server's own code shares. */
  readonly sender: string;
  /** The sender's name as it was then. */
  readonly senderName: string;
  /** Text to be shown, never a path. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** By the content, such as `image/png`; `application/octet-stream` where nothing is known. */
  readonly mediaType: string;
  /** Of the content, in hexadecimal. */
  readonly sha256: string;
  /** The size of the picture that may be shown for it, in pixels; null: there is none. */
  readonly preview: { readonly width: number; readonly height: number } | null;
  /** Id of the only other one who sees it; null for everyone. */
  readonly to: string | null;
  /** In seconds since 1970, by the server's clock. */
  readonly time: number;
  /** Its place in the room: files and messages of the chat are in order by their numbers. */
  readonly number: number;
}

/** Where a file is to be had for a while. Whoever has such a link can fetch the file. */
export interface FileLink {
  /** To be downloaded: no browser shows it. */
  readonly url: string;
  /** A picture to be shown; null: there is none. */
  readonly preview: string | null;
  /** In seconds since 1970. */
  readonly expires: number;
}

/** What is uploaded, and how one hears of it. */
export interface UploadOptions extends CallOptions {
  /** Left out: that of the `File`. */
  name?: string;
  /** Id of the only one who is to see it besides oneself; left out: everyone. */
  to?: string | null;
  /** How many bytes of how many the server has. */
  onProgress?: (progress: { readonly sent: number; readonly size: number }) => void;
}

/** Which files of the past. */
export interface FileListOptions extends CallOptions {
  /** Those with lower numbers than this, the nearest ones; left out: the last ones. */
  before?: number;
  /** How many, at most 100. */
  limit?: number;
}

/** The files that people of a room share. */
export interface Files {
  /** Those that are known, oldest first: what came since the room was joined, and what `list` has brought. At most the last 500; replaced, not changed. */
  readonly known: readonly SharedFile[];
  /** Asks for files that were shared before. Rejects with RoomError. */
  list(options?: FileListOptions): Promise<{ readonly files: readonly SharedFile[]; readonly more: boolean }>;
  /**
   * Shares a file. What breaks off goes on by itself where it was, also where the page was loaded anew and the same file is chosen again; an
   * aborted `signal` gives it up. Rejects with RoomError `not_allowed` (without the right `data`), `too_large`, `type_refused`, `storage_full`,
   * `too_many_uploads`, `unreachable`, `closed`.
   */
  upload(file: Blob, options?: UploadOptions): Promise<SharedFile>;
  /** Where a file (by id) is to be had. Rejects with RoomError `no_such_file`. */
  link(file: string, options?: CallOptions): Promise<FileLink>;
  /** Deletes one's own, or for moderators anybody's. Rejects with RoomError `no_such_file`, `not_allowed`. */
  delete(file: string, options?: CallOptions): Promise<void>;
}

/** What the room tells its files. */
export interface FilesInput {
  handleAdded(file: WireFile): void;
  handleRemoved(file: string): void;
  /** In the room; `again`: the page was there before, and may have missed some. */
  handleJoined(again: boolean): void;
}

/** What files need of their room. */
export interface FilesPorts extends Pick<RoomContext, 'request' | 'changed' | 'untilConnected' | 'clock'> {
  /** Where the server is mounted, with a slash at its end. */
  readonly server: string;
  added(file: SharedFile): void;
  removed(file: SharedFile): void;
}

export function createFiles(room: FilesPorts): { files: Files; input: FilesInput } {
  let known: readonly SharedFile[] = [];
  let listed = false;
  let leave: Leave | null = null;
  const links = new Map<string, FileLink>();
  /** What is asked for; those that are not `sent` go with the next request. */
  const asked = new Map<string, Deferred<void> & { sent: boolean }>();

  const add = (more: readonly SharedFile[]) => {
    const ids = new Set(known.map(({ id }) => id));
    const added = more.filter(({ id }) => !ids.has(id));
    if (added.length === 0) return;
    known = [...known, ...added].sort((one, other) => one.number - other.number).slice(-KEPT);
    room.changed();
  };
  const list: Files['list'] = async ({ before, limit = PAGE, ...options } = {}) => {
    const page = await room.request({ type: 'file_list', before: before ?? null, limit }, options);
    listed = true;
    add(page.files);
    return { files: page.files, more: page.more };
  };
  const find = async (id: string): Promise<SharedFile> => {
    const found = known.find((file) => file.id === id) ?? (await list()).files.find((file) => file.id === id);
    if (!found) throw new RoomError('no_such_file', 'The file was deleted as soon as it had come.');
    return found;
  };
  const granted = async (fresh: boolean): Promise<Leave> => {
    if (fresh || !leave || leave.expires * 1000 < Date.now() + SPARE * 1000) {
      const { url, token, expires } = await room.request({ type: 'file_grant' });
      leave = { url: new URL(url, room.server).href, token, expires };
    }
    return leave;
  };

  /** One request for all that are asked for in one go. */
  const ask = async () => {
    const batch = [...asked].filter(([, { sent }]) => !sent).slice(0, LINKS_AT_ONCE);
    if (batch.length === 0) return;
    for (const [, waiting] of batch) waiting.sent = true;
    void ask();
    try {
      const answer = await room.request({ type: 'file_links', files: batch.map(([id]) => id) });
      const { server } = room;
      for (const { file, url, preview } of answer.links) {
        const whole = preview === null ? null : new URL(preview, server).href;
        links.set(file, { url: new URL(url, server).href, preview: whole, expires: answer.expires });
      }
      for (const [, { resolve }] of batch) resolve();
    } catch (error) {
      for (const [, { reject }] of batch) reject(error);
    } finally {
      for (const [id] of batch) asked.delete(id);
    }
  };
  const link: Files['link'] = async (id, { signal = null } = {}) => {
    const ready = links.get(id);
    if (ready && ready.expires * 1000 > Date.now() + SPARE * 1000) return ready;
    links.delete(id);
    let waiting = asked.get(id);
    if (!waiting) {
      waiting = { ...deferred<void>(), sent: false };
      asked.set(id, waiting);
      queueMicrotask(ask);
    }
    await abortable(waiting.promise, signal);
    const fresh = links.get(id);
    if (!fresh) throw new RoomError('no_such_file', 'There is no such file, or no more.');
    return fresh;
  };

  const files: Files = {
    get known() {
      return known;
    },
    list,
    link,
    upload: async (file, options = {}) =>
      find(await upload(file, options, { granted, clock: room.clock, untilConnected: room.untilConnected })),
    delete: async (file, options = {}) => {
      await room.request({ type: 'file_delete', file }, options);
    },
  };
  return {
    files,
    input: {
      handleAdded(file) {
        add([file]);
        room.added(file);
      },
      handleRemoved(id) {
        links.delete(id);
        const gone = known.find((file) => file.id === id);
        if (!gone) return;
        known = known.filter((file) => file !== gone);
        room.changed();
        room.removed(gone);
      },
      handleJoined(again) {
        if (!again) return;
        leave = null;
        links.clear();
        // Where they cannot be had now, those that are known must do.
        if (listed) list().catch(() => undefined);
      },
    },
  };
}
