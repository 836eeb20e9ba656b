import { createDecoder } from 'lib0/decoding';
import { createEncoder, toUint8Array } from 'lib0/encoding';
import { beforeEach, describe, expect, it } from 'vitest';
import { readSyncMessage, writeSyncStep1, writeUpdate } from 'y-protocols/sync';
import * as Y from 'yjs';
import { FakeClock, settle } from '../../test/fakes/clock.js';
import { RoomError } from '../common/room-error.js';
import type { DocumentInput, DocumentPorts } from '../room/documents.js';
import type { RequestBody } from '../signal/signal-manager.js';
import type { SharedDocument } from './index.js';
import { createDocument } from './index.js';

type Body = Extract<RequestBody, { document: string }>;

/** The server's end: one document, and whoever has it open. */
class Server {
  readonly doc = new Y.Doc();
  readonly asked: Body['type'][] = [];
  readonly open = new Set<DocumentInput>();
  shown: Uint8Array[] = [];
  refusal: RoomError | null = null;

  constructor() {
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      const encoder = createEncoder();
      writeUpdate(encoder, update);
      for (const page of this.open) if (page !== origin) this.tell(page, toUint8Array(encoder));
    });
  }

  tell(page: DocumentInput, bytes: Uint8Array): void {
    page.handleMessage({ type: 'document_sync', document: 'notes', bytes });
  }

  async request(page: DocumentInput, body: Body): Promise<object> {
    this.asked.push(body.type);
    await Promise.resolve();
    if (this.refusal) throw this.refusal;
    switch (body.type) {
      case 'document_open': {
        this.open.add(page);
        for (const bytes of [this.#answer(body.bytes, page), this.#state()]) this.tell(page, bytes);
        break;
      }
      case 'document_sync':
        this.#answer(body.bytes, page);
        break;
      case 'document_awareness':
        this.shown.push(body.bytes);
        for (const other of this.open)
          if (other !== page) other.handleMessage({ type: 'document_awareness', document: 'notes', bytes: body.bytes });
        break;
      case 'document_close':
        this.open.delete(page);
    }
    return {};
  }

  #answer(bytes: Uint8Array, page: DocumentInput): Uint8Array {
    const encoder = createEncoder();
    readSyncMessage(createDecoder(bytes), encoder, this.doc, page);
    return toUint8Array(encoder);
  }

  #state(): Uint8Array {
    const encoder = createEncoder();
    writeSyncStep1(encoder, this.doc);
    return toUint8Array(encoder);
  }
}

describe('a shared document', () => {
  let clock: FakeClock;
  let server: Server;
  let rights: Set<string>;

  const page = (id: string): { input: DocumentInput; document: SharedDocument; released: () => boolean } => {
    let gone = false;
    const ports: DocumentPorts = {
      clock,
      request: (async (body: Body) => {
        await Promise.resolve();
        return server.request(input, body);
      }) as DocumentPorts['request'],
      can: (right) => rights.has(right),
      user: () => ({ id, name: id }),
      error: RoomError.fromWire,
      released: () => {
        gone = true;
      },
    };
    const input: DocumentInput = createDocument('notes', ports);
    return { input, document: input.share(), released: () => gone };
  };
  const text = ({ doc }: SharedDocument) => doc.getText('text');
  const pass = async () => {
    for (let n = 0; n < 5; n++) {
      await settle();
      await clock.advance(100);
    }
  };

  beforeEach(() => {
    clock = new FakeClock();
    server = new Server();
    rights = new Set(['data']);
  });

  it('brings what the server has, and what one has written before', async () => {
    server.doc.getText('text').insert(0, 'there');
    const { document } = page('ana');
    text(document).insert(0, 'here ');
    await document.synced;
    await pass();
    expect(document.status).toBe('synced');
    expect(server.doc.getText('text').toString()).toBe(text(document).toString());
    expect(text(document).toString()).toContain('there');
    expect(text(document).toString()).toContain('here ');
  });

  it('brings what one writes to the others, in few messages', async () => {
    const [ana, ben] = [page('ana'), page('ben')];
    await Promise.all([ana.document.synced, ben.document.synced]);
    await pass();
    server.asked.length = 0;
    for (const letter of 'a word') text(ana.document).insert(text(ana.document).length, letter);
    await pass();
    expect(text(ben.document).toString()).toBe('a word');
    expect(server.asked).toEqual(['document_sync']);
  });

  it('merges what was written on both sides of a lost connection', async () => {
    const { input, document } = page('ana');
    await document.synced;
    server.refusal = new RoomError('session_gone', 'gone', { retryable: true });
    input.handleLost();
    expect(document.status).toBe('connecting');
    text(document).insert(0, 'away ');
    await pass();
    server.doc.getText('text').insert(0, 'meanwhile ');
    server.refusal = null;
    input.handleBack();
    await pass();
    expect(text(document).toString()).toBe(server.doc.getText('text').toString());
    expect(text(document).toString().split(' ').sort()).toEqual(['', 'away', 'meanwhile']);
    expect(document.status).toBe('synced');
  });

  it('keeps to itself what one may not write, until one may', async () => {
    rights.clear();
    const { input, document } = page('ana');
    await document.synced;
    text(document).insert(0, 'mine');
    await pass();
    expect(document.readOnly).toBe(true);
    expect(server.doc.getText('text').toString()).toBe('');
    rights.add('data');
    input.handleBack();
    await pass();
    expect(server.doc.getText('text').toString()).toBe('mine');
  });

  it('says when the server takes no more', async () => {
    const { document } = page('ana');
    await document.synced;
    await pass();
    const told: (string | null)[] = [];
    document.addEventListener('statuschange', ({ status, error }) => told.push(status, error?.code ?? null));
    server.refusal = new RoomError('too_large', 'full');
    text(document).insert(0, 'too much');
    await pass();
    expect(told).toEqual(['refused', 'too_large']);
    expect(document.error?.code).toBe('too_large');
  });

  it('tries again where it may work in a moment', async () => {
    server.refusal = new RoomError('store_failed', 'not now', { retryable: true });
    const { document } = page('ana');
    await pass();
    expect(document.status).toBe('connecting');
    server.refusal = null;
    await clock.advance(1000);
    await document.synced;
  });

  it('shows the others who is there', async () => {
    const [ana, ben] = [page('ana'), page('ben')];
    await Promise.all([ana.document.synced, ben.document.synced]);
    await pass();
    ana.document.awareness.setLocalStateField('cursor', 5);
    await pass();
    const seen = ben.document.awareness.getStates().get(ana.document.doc.clientID);
    expect(seen).toEqual({ user: { id: 'ana', name: 'ana' }, cursor: 5 });
  });

  it('is closed when all have closed it', async () => {
    const { input, document, released } = page('ana');
    const second = input.share();
    await document.synced;
    document.close();
    document.close();
    expect(document.status).toBe('closed');
    expect(second.status).toBe('synced');
    expect(released()).toBe(false);
    second.close();
    await pass();
    expect(released()).toBe(true);
    expect(server.open.size).toBe(0);
  });

  it('ends with the room', async () => {
    const { input, document } = page('ana');
    input.handleClosed(new RoomError('removed', 'by a moderator'));
    await expect(document.synced).rejects.toMatchObject({ code: 'removed' });
    expect(document.status).toBe('closed');
  });
});
