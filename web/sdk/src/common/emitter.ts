/** An event as it reaches a listener: a DOM `Event` with the fields of its entry in the map. */
export type EventOf<Fields> = Event & Readonly<Fields>;

export type Listener<Fields> = ((event: EventOf<Fields>) => unknown) | { handleEvent(event: EventOf<Fields>): unknown };

/** An `EventTarget` whose events are listed in a map of type name to fields. */
export class Emitter<Events extends object> extends EventTarget {
  override addEventListener<K extends keyof Events & string>(
    type: K,
    listener: Listener<Events[K]> | null,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener as EventListener | null, options);
  }

  override removeEventListener<K extends keyof Events & string>(
    type: K,
    listener: Listener<Events[K]> | null,
    options?: boolean | EventListenerOptions,
  ): void {
    super.removeEventListener(type, listener as EventListener | null, options);
  }

  protected emit<K extends keyof Events & string>(type: K, fields: Events[K]): void {
    this.dispatchEvent(Object.assign(new Event(type), fields));
  }
}
