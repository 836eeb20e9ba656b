/** An immutable snapshot that is made when it is asked for, and listeners that hear of changes once for all that happen in one go. */
export class Store<Snapshot> {
  readonly #make: (version: number) => Snapshot;
  readonly #listeners = new Set<() => void>();
  #snapshot: Snapshot | null = null;
  #version = 0;
  #telling = false;

  constructor(make: (version: number) => Snapshot) {
    this.#make = make;
  }

  get snapshot(): Snapshot {
    this.#snapshot ??= this.#make(this.#version);
    return this.#snapshot;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  handleChanged(): void {
    this.#snapshot = null;
    this.#version += 1;
    if (this.#telling) return;
    this.#telling = true;
    queueMicrotask(() => {
      this.#telling = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}

/** Makes a list that stays the same object while the same things are in it. */
export function stableList<T>(make: () => Iterable<T>): () => readonly T[] {
  let last: readonly T[] = [];
  return () => {
    const next = [...make()];
    if (next.length !== last.length || next.some((item, index) => item !== last[index])) last = next;
    return last;
  };
}
