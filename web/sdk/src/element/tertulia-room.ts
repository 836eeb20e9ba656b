import { frameAddress } from './address.js';
import type { RoomStatus, ToFrame } from './messages.js';
import { readStatus, toFrame } from './messages.js';

/** What a frame may use that the page itself may. */
const ALLOW =
  'camera; microphone; display-capture; autoplay; fullscreen; picture-in-picture; speaker-selection; clipboard-write; screen-wake-lock';
const STYLE = `
  :host { display: block; aspect-ratio: 16 / 9; min-block-size: 15rem; }
  :host([hidden]) { display: none; }
  iframe { display: block; inline-size: 100%; block-size: 100%; border: 0; }
`;
/** The page in the frame may begin to listen only after it was loaded; the greeting is repeated until it answers. Milliseconds. */
const GREET_EVERY = 250;
const GREETINGS = 60;

/** So that the module can also be loaded where there is no page, as on a server that renders HTML. */
const Base: typeof HTMLElement = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/**
 * `<tertulia-room room="standup">`: a whole call in the page. It is a frame with a page of the server, which therefore has to know this
 * page's origin (`--allow-origin`).
 *
 * Attributes: `room`; `server`, where it is not the one that this module came from; `name` and `token` (rather the property: attributes are
 * seen by everything in the page); `lang`, `theme` (`light`, `dark`); `autojoin`, to join without asking; `mic="off"`, `cam="off"`, to begin without.
 * Event `state`: the call's status in `detail`, which also stands in `status`.
 */
export class TertuliaRoom extends Base {
  static readonly observedAttributes = ['room', 'server', 'name', 'token', 'lang', 'theme', 'autojoin'];

  #frame: HTMLIFrameElement | null = null;
  #origin = '';
  #token: string | null = null;
  #status: RoomStatus | null = null;
  #listening: AbortController | null = null;
  #greeting: ReturnType<typeof setInterval> | undefined;

  /** A JWT. It goes to the frame by a message, never in an address. Set it before the element is put into the page, or at any time before the person joins. */
  get token(): string | null {
    return this.#token ?? this.getAttribute('token');
  }

  set token(token: string | null) {
    this.#token = token;
    this.#greet();
  }

  /** Null before the page in the frame has spoken. */
  get status(): RoomStatus | null {
    return this.#status;
  }

  /** Leaves the call; the frame stays, and shows that it has ended. */
  leave(): void {
    this.#say({ type: 'leave' });
  }

  /** Turns this person's own microphone or camera off or on. Before the person has joined nothing happens. */
  mute(source: 'camera' | 'microphone', muted: boolean): void {
    this.#say({ type: 'mute', source, muted });
  }

  connectedCallback(): void {
    this.#listening = new AbortController();
    addEventListener('message', (event) => this.#hear(event), { signal: this.#listening.signal });
    this.#load();
  }

  /** With the frame goes the call: its page says good-bye when it is unloaded. */
  disconnectedCallback(): void {
    this.#listening?.abort();
    this.#unload();
  }

  attributeChangedCallback(attribute: string, before: string | null, after: string | null): void {
    if (before === after || !this.isConnected || !this.#listening) return;
    if (attribute === 'room' || attribute === 'server') {
      this.#unload();
      this.#load();
    } else {
      this.#greet();
    }
  }

  #load(): void {
    const room = this.getAttribute('room');
    if (!room) return;
    const place = {
      room,
      server: this.getAttribute('server'),
      microphone: this.getAttribute('mic') !== 'off',
      camera: this.getAttribute('cam') !== 'off',
    };
    const url = frameAddress(place, import.meta.url, document.baseURI);
    const frame = document.createElement('iframe');
    frame.allow = ALLOW;
    frame.allowFullscreen = true;
    frame.title = room;
    frame.src = url.href;
    frame.addEventListener('load', () => this.#greetUntilAnswered());
    this.#origin = url.origin;
    this.#frame = frame;
    this.#root().append(frame);
  }

  #unload(): void {
    clearInterval(this.#greeting);
    this.#frame?.remove();
    this.#frame = null;
    this.#status = null;
  }

  #root(): ShadowRoot {
    if (this.shadowRoot) return this.shadowRoot;
    const root = this.attachShadow({ mode: 'open' });
    // A sheet and not a <style>: the page's content security policy may forbid that.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    return root;
  }

  #greetUntilAnswered(): void {
    this.#status = null;
    clearInterval(this.#greeting);
    let left = GREETINGS;
    this.#greeting = setInterval(() => {
      if (this.#status || left-- === 0) clearInterval(this.#greeting);
      else this.#greet();
    }, GREET_EVERY);
    this.#greet();
  }

  #greet(): void {
    const theme = this.getAttribute('theme');
    this.#say({
      type: 'hello',
      token: this.token,
      name: this.getAttribute('name'),
      lang: this.getAttribute('lang'),
      theme: theme === 'light' || theme === 'dark' ? theme : null,
      autojoin: this.hasAttribute('autojoin'),
    });
  }

  /** The origin is named, so that nobody else reads a token if the frame was led elsewhere. */
  #say(message: ToFrame): void {
    this.#frame?.contentWindow?.postMessage(toFrame(message), this.#origin);
  }

  #hear(event: MessageEvent): void {
    const status = readStatus(event, this.#frame?.contentWindow ?? null, this.#origin);
    if (!status) return;
    this.#status = status;
    this.dispatchEvent(new CustomEvent('state', { detail: status }));
  }
}
