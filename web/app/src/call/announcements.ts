import type { Message } from 'tertulia-client';
import type { Words } from '../i18n/index.tsx';

const SHOWN = 3;
const LENGTH = 120;

/** What happened since something was last read out. Who came and went in between is not worth a word, and a lively chat only a number. */
export class Announcements {
  readonly #came = new Map<string, string>();
  readonly #went = new Map<string, string>();
  readonly #hands = new Map<string, string>();
  #messages: Message[] = [];

  /** Names by id, of everybody who was there and who is there now. */
  people(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): void {
    for (const [id, name] of now) if (!before.has(id) && !this.#went.delete(id)) this.#came.set(id, name);
    for (const [id, name] of before) if (!now.has(id) && !this.#came.delete(id)) this.#went.set(id, name);
  }

  hand(id: string, name: string, raised: boolean): void {
    if (raised) this.#hands.set(id, name);
    else this.#hands.delete(id);
  }

  message(message: Message): void {
    this.#messages.push(message);
  }

  get empty(): boolean {
    return this.#came.size + this.#went.size + this.#hands.size + this.#messages.length === 0;
  }

  /** The sentences; then it begins anew. */
  take(words: Words['panels']['announce']): string[] {
    const came = [...this.#came.values()];
    const went = [...this.#went.values()];
    const messages = this.#messages;
    const sentences = [
      ...(came.length > 0 ? [words.came(came)] : []),
      ...(went.length > 0 ? [words.went(went)] : []),
      ...[...this.#hands.values()].map(words.handRaised),
      ...(messages.length > SHOWN
        ? [words.messages(messages.length)]
        : messages.map((message) => spoken(message, words))),
    ];
    this.#came.clear();
    this.#went.clear();
    this.#hands.clear();
    this.#messages = [];
    return sentences;
  }
}

function spoken({ name, text, to }: Message, words: Words['panels']['announce']): string {
  const characters = [...text.slice(0, 2 * LENGTH)];
  const short = characters.length > LENGTH ? `${characters.slice(0, LENGTH).join('')}…` : text;
  return to === null ? words.message(name, short) : words.privateMessage(name, short);
}
