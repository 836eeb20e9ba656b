import { type Message, type Room, RoomError } from 'tertulia-client';

/** A message on its way; `failed` until it is sent again or given up. */
export interface Outgoing {
  readonly key: number;
  readonly text: string;
  /** Id of one person; null: everyone. */
  readonly to: string | null;
  readonly state: 'sending' | 'failed';
  /** Why it failed: code of a RoomError. */
  readonly code: string;
}

export interface OutboxSnapshot {
  readonly to: string | null;
  readonly outgoing: readonly Outgoing[];
}

/** What this person writes. It outlives the panel, so that nothing typed is lost: not by closing it, and not by a lost connection. */
export class Outbox {
  /** What stands in the field; whoever shows the field keeps it here. */
  draft = '';
  readonly #send: Room['chat']['send'];
  readonly #listeners = new Set<() => void>();
  #snapshot: OutboxSnapshot = { to: null, outgoing: [] };
  #keys = 0;

  constructor(send: Room['chat']['send']) {
    this.#send = send;
  }

  /** Immutable, and the same object until something changes. */
  get snapshot(): OutboxSnapshot {
    return this.#snapshot;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Whom the next message is for; null: everyone. */
  address(to: string | null): void {
    this.#change({ to });
  }

  send(text: string): void {
    this.#keys += 1;
    const message: Outgoing = { key: this.#keys, text, to: this.#snapshot.to, state: 'sending', code: '' };
    this.#change({ outgoing: [...this.#snapshot.outgoing, message] });
    void this.#deliver(message);
  }

  retry(key: number): void {
    const message = this.#snapshot.outgoing.find((one) => one.key === key);
    if (message?.state !== 'failed') return;
    this.#replace(key, { ...message, state: 'sending' });
    void this.#deliver(message);
  }

  /** An own message is in the room now. It often comes back before the answer to its sending, and is not to be shown twice. */
  arrived({ text, to }: Pick<Message, 'text' | 'to'>): void {
    const message = this.#snapshot.outgoing.find(
      (one) => one.state === 'sending' && one.text === text && one.to === to,
    );
    if (message) this.#replace(message.key, null);
  }

  discard(key: number): void {
    this.#replace(key, null);
  }

  async #deliver({ key, text, to }: Outgoing): Promise<void> {
    try {
      await this.#send(text, { to });
      this.#replace(key, null);
    } catch (error) {
      const code = error instanceof RoomError ? error.code : 'internal';
      this.#replace(key, { key, text, to, state: 'failed', code });
    }
  }

  #replace(key: number, message: Outgoing | null): void {
    this.#change({
      outgoing: this.#snapshot.outgoing.flatMap((one) => (one.key !== key ? [one] : message ? [message] : [])),
    });
  }

  #change(part: Partial<OutboxSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...part };
    for (const listener of this.#listeners) listener();
  }
}
