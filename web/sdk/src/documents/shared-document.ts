import type { Awareness } from 'y-protocols/awareness';
import type * as Y from 'yjs';
import type { EventOf, Listener } from '../common/emitter.js';
import { Emitter } from '../common/emitter.js';
import type { RoomError } from '../common/room-error.js';

/**
 * `connecting`: changes are one's own until the server is heard of again, and are merged then · `synced`: the others have what one has, but
 * for what is on its way · `refused`: the server takes no more of it, see `error` · `closed`.
 */
export type DocumentStatus = 'connecting' | 'synced' | 'refused' | 'closed';

/** Fields of a document's events. */
export interface SharedDocumentEvents {
  statuschange: { status: DocumentStatus; error: RoomError | null };
}

/** What stands behind all handles of one document. */
export interface DocumentCore {
  readonly name: string;
  readonly doc: Y.Doc;
  readonly awareness: Awareness;
  readonly synced: Promise<void>;
  readonly status: DocumentStatus;
  readonly error: RoomError | null;
  readonly readOnly: boolean;
  readonly events: Emitter<SharedDocumentEvents>;
  release(): void;
}

/**
 * A document that people write together. Whoever opens it anew in the same room of the same page gets the same `doc`; it is closed when all
 * have closed it.
 */
export class SharedDocument extends Emitter<SharedDocumentEvents> implements Disposable {
  readonly #core: DocumentCore;
  readonly #relay: (event: EventOf<SharedDocumentEvents['statuschange']>) => void;
  #closed = false;

  /** @internal */
  constructor(core: DocumentCore) {
    super();
    this.#core = core;
    this.#relay = ({ status, error }) => this.emit('statuschange', { status, error });
    core.events.addEventListener('statuschange', this.#relay as Listener<SharedDocumentEvents['statuschange']>);
  }

  get name(): string {
    return this.#core.name;
  }

  /** Change it by Yjs' own types: `doc.getText('text').insert(0, 'Hello')`. */
  get doc(): Y.Doc {
    return this.#core.doc;
  }

  /** What people show meanwhile, such as cursors: a state of each page, of 4 KiB at most; `user` in it has id and name of its participant. */
  get awareness(): Awareness {
    return this.#core.awareness;
  }

  /** Resolves when everything is here that the server has; rejects with RoomError where that cannot be. */
  get synced(): Promise<void> {
    return this.#core.synced;
  }

  get status(): DocumentStatus {
    return this.#closed ? 'closed' : this.#core.status;
  }

  /** Why the server takes no more of it; null: it does. */
  get error(): RoomError | null {
    return this.#core.error;
  }

  /** One lacks the right `data`: what is changed here stays here. */
  get readOnly(): boolean {
    return this.#core.readOnly;
  }

  /** Takes part in it no more. `doc` stays as it is. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#core.events.removeEventListener(
      'statuschange',
      this.#relay as Listener<SharedDocumentEvents['statuschange']>,
    );
    this.#core.release();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
