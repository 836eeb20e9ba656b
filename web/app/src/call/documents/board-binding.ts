import { CaptureUpdateAction, reconcileElements, restoreElements } from '@excalidraw/excalidraw';
import type { RemoteExcalidrawElement } from '@excalidraw/excalidraw/data/reconcile';
import type { ExcalidrawElement, OrderedExcalidrawElement } from '@excalidraw/excalidraw/element/types';
import type { Collaborator, ExcalidrawImperativeAPI, SocketId } from '@excalidraw/excalidraw/types';
import type { SharedDocument } from 'tertulia-client';
import type { Y } from 'tertulia-client/documents';
import { hueOf } from './hue.ts';

/** Between two looks at what was drawn, in milliseconds: each change of an element sends it whole. */
const WRITE_MS = 100;
/** So long, in milliseconds, what was deleted is kept for those who were away and still have it. */
const KEEP_DELETED_MS = 24 * 60 * 60 * 1000;

type Pointer = { x: number; y: number; tool: 'pointer' | 'laser' };
type Board = Y.Map<ExcalidrawElement>;

const boardOf = ({ doc }: SharedDocument): Board => doc.getMap<ExcalidrawElement>('elements');

/** What is on the board now. */
export function elementsOf(document: SharedDocument): OrderedExcalidrawElement[] {
  return restored([...boardOf(document).values()]);
}

/** Keeps a board, which has loaded its elements, and a shared document the same. Of two who change the same element at once, both end with the same one. */
export class BoardBinding {
  readonly #document: SharedDocument;
  readonly #board: Board;
  readonly #api: ExcalidrawImperativeAPI;
  readonly #observer: (event: Y.YMapEvent<ExcalidrawElement>) => void;
  readonly #showPeople = () => this.#api.updateScene({ collaborators: peopleOf(this.#document) });
  /** The version of each element that the document has. */
  readonly #known = new Map<string, string>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(document: SharedDocument, api: ExcalidrawImperativeAPI) {
    this.#document = document;
    this.#board = boardOf(document);
    this.#api = api;
    this.#observer = ({ transaction, keysChanged }) => {
      if (transaction.origin !== this) this.#take(keysChanged);
    };
    this.#board.observe(this.#observer);
    document.awareness.on('change', this.#showPeople);
    this.#showPeople();
    if (!document.readOnly) this.#forgetDeleted();
    // All of it: it may have changed between the first look at it and this one, and Excalidraw drops on its way in what `restored` keeps.
    this.#take(this.#board.keys());
  }

  /** Something was drawn, perhaps. */
  handleChange(): void {
    this.#timer ??= setTimeout(() => this.#write(), WRITE_MS);
  }

  handlePointer(pointer: Pointer, button: 'up' | 'down'): void {
    this.#document.awareness.setLocalStateField('pointer', { ...pointer, button });
  }

  close(): void {
    if (this.#timer) this.#write();
    this.#board.unobserve(this.#observer);
    this.#document.awareness.off('change', this.#showPeople);
    this.#document.awareness.setLocalStateField('pointer', null);
  }

  #write(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#document.readOnly) return;
    const changed = this.#api
      .getSceneElementsIncludingDeleted()
      .filter((element) => this.#known.get(element.id) !== versionOf(element));
    if (changed.length === 0) return;
    this.#document.doc.transact(() => {
      for (const element of changed) {
        this.#known.set(element.id, versionOf(element));
        this.#board.set(element.id, { ...element });
      }
    }, this);
  }

  #take(ids: Iterable<string>): void {
    const remote: ExcalidrawElement[] = [];
    for (const id of ids) {
      const element = this.#board.get(id);
      if (!element || this.#known.get(id) === versionOf(element)) continue;
      this.#known.set(id, versionOf(element));
      remote.push(element);
    }
    if (remote.length === 0) return;
    const elements = reconcileElements(
      this.#api.getSceneElementsIncludingDeleted(),
      restored(remote) as unknown as RemoteExcalidrawElement[],
      this.#api.getAppState(),
    );
    // It is not this person's to undo.
    this.#api.updateScene({ elements, captureUpdate: CaptureUpdateAction.NEVER });
    // Where what is here is newer, the document gets it.
    this.handleChange();
  }

  #forgetDeleted(): void {
    const before = Date.now() - KEEP_DELETED_MS;
    this.#document.doc.transact(() => {
      for (const [id, { isDeleted, updated }] of this.#board) if (isDeleted && updated < before) this.#board.delete(id);
    }, this);
  }
}

/** Elements come from other people's pages: what is none is left out, and what is missing is put in. */
function restored(elements: readonly unknown[]): OrderedExcalidrawElement[] {
  const whole = elements.filter(
    (it): it is ExcalidrawElement =>
      typeof it === 'object' && it !== null && typeof (it as ExcalidrawElement).id === 'string',
  );
  const finished = new Set(whole.filter((it) => it.type === 'freedraw' && it.lastCommittedPoint).map(({ id }) => id));
  return (restoreElements(whole, null) as OrderedExcalidrawElement[]).map((it) =>
    // It forgets that a stroke is finished, and then draws less of its end than whoever drew it sees.
    it.type === 'freedraw' && finished.has(it.id) ? { ...it, lastCommittedPoint: it.points.at(-1) ?? null } : it,
  );
}

const versionOf = ({ version, versionNonce }: ExcalidrawElement): string => `${version} ${versionNonce}`;

function peopleOf({ awareness }: SharedDocument): Map<SocketId, Collaborator> {
  const people = new Map<SocketId, Collaborator>();
  for (const [client, { user, pointer }] of awareness.getStates()) {
    if (client === awareness.clientID) continue;
    const { x, y, tool, button } = pointer ?? {};
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    people.set(String(client) as SocketId, {
      username: String(user?.name ?? ''),
      pointer: { x, y, tool: tool === 'laser' ? 'laser' : 'pointer' },
      button: button === 'down' ? 'down' : 'up',
      color: { background: `hsl(${hueOf(client)} 80% 80%)`, stroke: `hsl(${hueOf(client)} 80% 35%)` },
    });
  }
  return people;
}
