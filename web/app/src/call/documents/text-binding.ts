import { Y } from 'tertulia-client/documents';
import { type Delta, editBetween, moved } from './delta.ts';

/** Keeps a field and a shared text the same. The caret stays where it is in the text while others write, and undo takes back only one's own. */
export class TextBinding {
  readonly #text: Y.Text;
  readonly #field: HTMLTextAreaElement;
  readonly #undo: Y.UndoManager;
  readonly #stop = new AbortController();
  readonly #observer: (event: Y.YTextEvent) => void;
  /** What the field shows is this text. */
  #shown = '';
  /** What others wrote while an input method composes: the field must not change under it. */
  #waiting: Delta[] | null = null;

  constructor(text: Y.Text, field: HTMLTextAreaElement) {
    this.#text = text;
    this.#field = field;
    this.#undo = new Y.UndoManager(text, { trackedOrigins: new Set([this]) });
    this.#observer = ({ delta, transaction }) => {
      if (transaction.origin !== this) this.#take(delta as Delta);
    };
    text.observe(this.#observer);
    this.#show(text.toString(), 0, 0);
    const { signal } = this.#stop;
    field.addEventListener('input', () => this.#write(), { signal });
    field.addEventListener('beforeinput', (event) => this.#handleHistory(event), { signal });
    field.addEventListener('keydown', (event) => this.#handleKey(event), { signal });
    field.addEventListener('compositionstart', () => this.#beginComposition(), { signal });
    field.addEventListener('compositionend', () => this.#endComposition(), { signal });
    field.addEventListener('blur', () => this.#undo.stopCapturing(), { signal });
  }

  undo(): void {
    this.#undo.undo();
  }

  redo(): void {
    this.#undo.redo();
  }

  close(): void {
    this.#stop.abort();
    this.#text.unobserve(this.#observer);
    this.#undo.destroy();
  }

  #write(): void {
    const edit = editBetween(this.#shown, this.#field.value, this.#field.selectionEnd);
    if (!edit) return;
    this.#shown = this.#field.value;
    const [at, end] = [edit.at, edit.at + edit.removed].map((place) => this.#now(place)) as [number, number];
    this.#text.doc?.transact(() => {
      if (end > at) this.#text.delete(at, end - at);
      if (edit.added) this.#text.insert(at, edit.added);
    }, this);
    if (!this.#waiting) return;
    // What others wrote meanwhile stands around what has just been written: it is told in the places of the field as it is now.
    const other = editBetween(this.#shown, this.#text.toString(), 0);
    this.#waiting = other ? [[{ retain: other.at }, { delete: other.removed }, { insert: other.added }]] : [];
  }

  /** Where a place of the field is in the text. */
  #now(place: number): number {
    return (this.#waiting ?? []).reduce(moved, place);
  }

  #take(delta: Delta): void {
    if (this.#waiting) this.#waiting.push(delta);
    else this.#showMoved([delta]);
  }

  #beginComposition(): void {
    this.#waiting ??= [];
  }

  #endComposition(): void {
    this.#write();
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    if (waiting.length > 0) this.#showMoved(waiting);
  }

  #showMoved(deltas: readonly Delta[]): void {
    const { selectionStart, selectionEnd } = this.#field;
    this.#show(this.#text.toString(), deltas.reduce(moved, selectionStart), deltas.reduce(moved, selectionEnd));
  }

  #show(text: string, start: number, end: number): void {
    const { scrollTop, selectionDirection } = this.#field;
    this.#shown = text;
    if (this.#field.value === text) return;
    this.#field.value = text;
    this.#field.setSelectionRange(start, end, selectionDirection ?? 'none');
    this.#field.scrollTop = scrollTop;
  }

  /** The browser's own knows only the field, and would take back what others wrote. */
  #handleHistory(event: InputEvent): void {
    if (event.inputType === 'historyUndo') this.undo();
    else if (event.inputType === 'historyRedo') this.redo();
    else return;
    event.preventDefault();
  }

  #handleKey(event: KeyboardEvent): void {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key === 'z' && !event.shiftKey) this.undo();
    else if (key === 'y' || (key === 'z' && event.shiftKey)) this.redo();
    else return;
    event.preventDefault();
  }
}
