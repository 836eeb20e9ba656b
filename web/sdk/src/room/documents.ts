import type { Clock } from '../common/clock.js';
import { RoomError } from '../common/room-error.js';
import type { SharedDocument } from '../documents/index.js';
import type { DocumentAwarenessChanged, DocumentClosed, DocumentSynced } from '../wire/generated.js';
import type { CallOptions, RoomContext } from './context.js';

const NAME = /^[A-Za-z0-9_./:-]{1,64}$/;

export type DocumentMessage = DocumentSynced | DocumentAwarenessChanged | DocumentClosed;

/** What a document needs of its room. */
export interface DocumentPorts {
  readonly clock: Clock;
  request: RoomContext['request'];
  can: RoomContext['can'];
  /** Who one is to the others. */
  user(): { id: string; name: string };
  /** It is made here, so that there is one class of them: what is loaded later may have its own copy of everything else. */
  error(part: { code: string; message: string; retryable: boolean }): RoomError;
  /** Nobody has it open any more. */
  released(): void;
}

/** What a room tells a document. */
export interface DocumentInput {
  handleMessage(message: DocumentMessage): void;
  /** The connection is back: something may be missing on either side. Also where one may write now. */
  handleBack(): void;
  /** What is written now waits. */
  handleLost(): void;
  handleClosed(error: RoomError): void;
  share(): SharedDocument;
}

type Ports = Omit<DocumentPorts, 'released' | 'error'>;

/** The documents that are open in one room. Yjs itself is loaded with the first. */
export class Documents {
  readonly #ports: Ports;
  readonly #open = new Map<string, DocumentInput>();
  #closed: RoomError | null = null;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  async open(name: string, { signal }: CallOptions): Promise<SharedDocument> {
    if (!NAME.test(name)) throw new TypeError(`${name} is no name of a document.`);
    const { createDocument } = await import('../documents/index.js');
    signal?.throwIfAborted();
    if (this.#closed) throw this.#closed;
    const open = this.#open.get(name);
    if (open) return open.share();
    const document = createDocument(name, {
      ...this.#ports,
      error: RoomError.fromWire,
      released: () => this.#open.delete(name),
    });
    this.#open.set(name, document);
    return document.share();
  }

  handleMessage(message: DocumentMessage): void {
    this.#open.get(message.document)?.handleMessage(message);
  }

  handleBack(): void {
    for (const document of this.#open.values()) document.handleBack();
  }

  handleLost(): void {
    for (const document of this.#open.values()) document.handleLost();
  }

  handleClosed(reason: RoomError | null): void {
    this.#closed = reason ?? new RoomError('closed', 'The room was left.');
    for (const document of [...this.#open.values()]) document.handleClosed(this.#closed);
  }
}
