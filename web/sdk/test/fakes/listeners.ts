type Options = AddEventListenerOptions | boolean | undefined;

/** How many listeners a target has: those that were added, less those that were removed, have run once, or whose signal was aborted. */
export class ListenerCount {
  readonly #listeners = new Map<string, Set<unknown>>();

  constructor(target: EventTarget) {
    const { addEventListener, removeEventListener } = target;
    target.addEventListener = (type: string, listener: EventListener | null, options?: Options) => {
      const { once = false, signal = undefined } = typeof options === 'object' ? options : {};
      if (signal?.aborted) return;
      this.#of(type).add(listener);
      signal?.addEventListener('abort', () => this.#of(type).delete(listener));
      if (once) addEventListener.call(target, type, () => this.#of(type).delete(listener), { once });
      addEventListener.call(target, type, listener, options);
    };
    target.removeEventListener = (type: string, listener: EventListener | null, options?: Options) => {
      this.#of(type).delete(listener);
      removeEventListener.call(target, type, listener, options as EventListenerOptions);
    };
  }

  get total(): number {
    return [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }

  #of(type: string): Set<unknown> {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    return listeners;
  }
}
