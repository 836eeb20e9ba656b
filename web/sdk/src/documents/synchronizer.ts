import { createDecoder, readVarUint, readVarUint8Array } from 'lib0/decoding';
import { createEncoder, length, toUint8Array } from 'lib0/encoding';
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness';
import {
  messageYjsSyncStep1,
  messageYjsSyncStep2,
  writeSyncStep1,
  writeSyncStep2,
  writeUpdate,
} from 'y-protocols/sync';
import * as Y from 'yjs';
import { ClockedTimeouts } from '../common/clock.js';
import { deferred } from '../common/deferred.js';
import { Emitter } from '../common/emitter.js';
import type { RoomError } from '../common/room-error.js';
import type { DocumentInput, DocumentMessage, DocumentPorts } from '../room/documents.js';
import type { DocumentCore, DocumentStatus, SharedDocumentEvents } from './shared-document.js';
import { SharedDocument } from './shared-document.js';

/** Between two messages about what was written: a hand that draws changes the document sixty times a second. */
const WRITE_MS = 50;
/** Between two messages about what is shown. */
const SHOW_MS = 80;
const RETRY_MS = 1000;
/** Bytes of a step 2 in which there is nothing: an update of no structs and no deletions. */
const EMPTY_STEP_2 = 4;

class Events extends Emitter<SharedDocumentEvents> {
  tell(status: DocumentStatus, error: RoomError | null): void {
    this.emit('statuschange', { status, error });
  }
}

export function createDocument(name: string, room: DocumentPorts): DocumentInput {
  return new Synchronizer(name, room);
}

/** Keeps one Yjs document and the server's the same. */
class Synchronizer implements DocumentCore, DocumentInput {
  readonly name: string;
  readonly doc = new Y.Doc();
  readonly awareness: Awareness;
  readonly events = new Events();
  readonly #room: DocumentPorts;
  readonly #timers: ClockedTimeouts;
  readonly #synced = deferred<void>();
  #status: DocumentStatus = 'connecting';
  #error: RoomError | null = null;
  #uses = 0;
  /** Changes with each opening: what was asked for before is no news any more. */
  #opening = 0;
  #open = false;
  #updates: Uint8Array[] = [];
  #sending = false;
  #shows = false;

  constructor(name: string, room: DocumentPorts) {
    this.name = name;
    this.#room = room;
    this.#timers = new ClockedTimeouts(room.clock);
    this.#synced.promise.catch(() => undefined);
    this.awareness = new Awareness(this.doc);
    this.awareness.setLocalStateField('user', room.user());
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === this || !this.#open) return;
      this.#updates.push(update);
      this.#writeSoon();
    });
    this.awareness.on('update', (_: unknown, origin: unknown) => {
      if (origin === this || this.#status === 'closed') return;
      this.#shows = true;
      this.#showSoon();
    });
    void this.#begin();
  }

  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  get status(): DocumentStatus {
    return this.#status;
  }

  get error(): RoomError | null {
    return this.#error;
  }

  get readOnly(): boolean {
    return !this.#room.can('data');
  }

  share(): SharedDocument {
    this.#uses += 1;
    return new SharedDocument(this);
  }

  release(): void {
    this.#uses -= 1;
    if (this.#uses > 0 || this.#status === 'closed') return;
    this.#room.released();
    this.#room.request({ type: 'document_close', document: this.name }).catch(() => undefined);
    this.handleClosed(this.#room.error({ code: 'closed', message: 'The document was closed.', retryable: false }));
  }

  handleBack(): void {
    if (this.#status === 'closed' || (this.#status === 'refused' && this.#error?.code !== 'not_allowed')) return;
    void this.#begin();
  }

  handleLost(): void {
    if (this.#status === 'synced') this.#set('connecting', null);
  }

  handleClosed(error: RoomError): void {
    this.#timers.clearAll();
    this.#open = false;
    this.#opening += 1;
    this.#synced.reject(error);
    this.#set('closed', error.code === 'closed' ? null : error);
    this.awareness.destroy();
  }

  handleMessage(message: DocumentMessage): void {
    if (this.#status === 'closed') return;
    switch (message.type) {
      case 'document_sync':
        return this.#handleSync(message.bytes);
      case 'document_awareness':
        return applyAwarenessUpdate(this.awareness, message.bytes, this);
      case 'document_closed':
        return this.#refused(this.#room.error(message));
      default:
        message satisfies never;
    }
  }

  /** Says what one has, and asks for what one has not. */
  async #begin(): Promise<void> {
    const opening = ++this.#opening;
    this.#open = false;
    this.#updates = [];
    this.#set('connecting', null);
    const encoder = createEncoder();
    writeSyncStep1(encoder, this.doc);
    // What is written from now on is not in it.
    this.#open = true;
    await this.#ask({ type: 'document_open', document: this.name, bytes: toUint8Array(encoder) });
    if (opening !== this.#opening) return;
    this.#shows = true;
    this.#showSoon();
    this.#writeSoon();
  }

  #handleSync(bytes: Uint8Array): void {
    const decoder = createDecoder(bytes);
    const kind = readVarUint(decoder);
    const content = readVarUint8Array(decoder);
    if (kind === messageYjsSyncStep1) return this.#answer(content);
    Y.applyUpdate(this.doc, content, this);
    if (kind !== messageYjsSyncStep2) return;
    this.#synced.resolve();
    this.#set('synced', null);
  }

  /** What the server has not. It may be written by somebody who could not write it then, so it is not sent by all. */
  #answer(state: Uint8Array): void {
    const encoder = createEncoder();
    writeSyncStep2(encoder, this.doc, state);
    if (length(encoder) > EMPTY_STEP_2 && !this.readOnly) {
      void this.#ask({ type: 'document_sync', document: this.name, bytes: toUint8Array(encoder) });
    }
  }

  #writeSoon(): void {
    if (this.#updates.length === 0 || this.#sending || this.#timers.has('write') || this.readOnly) return;
    this.#timers.set('write', WRITE_MS, () => void this.#write());
  }

  async #write(): Promise<void> {
    if (this.#updates.length === 0) return;
    const encoder = createEncoder();
    writeUpdate(encoder, Y.mergeUpdates(this.#updates));
    this.#updates = [];
    this.#sending = true;
    await this.#ask({ type: 'document_sync', document: this.name, bytes: toUint8Array(encoder) });
    this.#sending = false;
    this.#writeSoon();
  }

  #showSoon(): void {
    if (!this.#timers.has('show')) this.#timers.set('show', SHOW_MS, () => this.#show());
  }

  #show(): void {
    if (!this.#shows || this.#status === 'closed' || this.#status === 'refused') return;
    this.#shows = false;
    const bytes = encodeAwarenessUpdate(this.awareness, [this.doc.clientID]);
    void this.#ask({ type: 'document_awareness', document: this.name, bytes });
  }

  async #ask(body: Parameters<DocumentPorts['request']>[0]): Promise<void> {
    const opening = this.#opening;
    try {
      await this.#room.request(body);
    } catch (reason) {
      if (opening !== this.#opening || this.#status === 'closed') return;
      const error = reason as RoomError;
      // The next session begins with opening it.
      if (error.code === 'session_gone' || error.code === 'closed') return;
      if (error.retryable) this.#timers.set('retry', RETRY_MS, () => void this.#begin());
      else this.#refused(error);
    }
  }

  #refused(error: RoomError): void {
    this.#open = false;
    this.#synced.reject(error);
    this.#set('refused', error);
  }

  #set(status: DocumentStatus, error: RoomError | null): void {
    if (this.#status === status && this.#error === error) return;
    this.#status = status;
    this.#error = error;
    this.events.tell(status, error);
  }
}
