import { vi } from 'vitest';
import { FakeServer } from '../fakes/server.js';
import { FakeMediaStream, FakePeerConnection, FakeTrack } from '../fakes/webrtc.js';

/** As much of an element as the samples of the README use. */
export class FakeElement extends EventTarget {
  srcObject: unknown = null;
  hidden = false;
  value = '';
  muted = false;
  volume = 1;
  onclick: (() => unknown) | null = null;
  onchange: (() => unknown) | null = null;

  async play(): Promise<void> {}

  pause(): void {}

  async setSinkId(): Promise<void> {}

  async click(): Promise<void> {
    this.dispatchEvent(new Event('click'));
    await this.onclick?.();
  }

  async choose(value: string): Promise<void> {
    this.value = value;
    await this.onchange?.();
  }
}

const ELEMENTS = [
  ...['theirs', 'mine', 'banner', 'board', 'cameraPicker', 'speakerPicker', 'muteButton', 'hangUp', 'shareButton'],
  ...['stopButton', 'handButton', 'clapButton', 'muteAllButton'],
] as const;
const FUNCTIONS = ['render', 'ring', 'show', 'addLine', 'showBars', 'draw', 'report', 'help', 'list'] as const;

/** A page in a browser that is all fake, as `page.d.ts` promises it, and the server that it talks with. */
export class FakePage {
  readonly server = new FakeServer();
  readonly stop = new AbortController();
  readonly tiles = new Map<string, FakeElement>();
  readonly opened: FakeTrack[] = [];
  readonly mediaDevices: EventTarget;
  readonly #elements = new Map<string, FakeElement>();
  readonly #functions = new Map<string, ReturnType<typeof vi.fn>>();
  /** Names of the errors with which devices refuse. */
  refused: { audio?: string; video?: string } = {};

  constructor() {
    this.server.answering = true;
    FakePeerConnection.all = [];
    const { server } = this;
    const open = (kind: string) => {
      this.opened.push(new FakeTrack(kind));
      return new FakeMediaStream(this.opened.slice(-1));
    };
    this.mediaDevices = Object.assign(new EventTarget(), {
      getUserMedia: async (request: { audio?: unknown; video?: unknown }) => {
        const kind = request.video ? 'video' : 'audio';
        const refused = this.refused[kind];
        if (refused) throw new DOMException('no', refused);
        return open(kind);
      },
      getDisplayMedia: async () => open('video'),
      enumerateDevices: async () => [
        { kind: 'audioinput', label: 'Microphone', deviceId: 'm1' },
        { kind: 'videoinput', label: 'Camera', deviceId: 'c1' },
      ],
    });
    class Observer {
      observe() {}
      disconnect() {}
    }
    const globals = {
      WebSocket: function WebSocket(url: string, protocol: string) {
        return server.createSocket(url, protocol);
      },
      RTCPeerConnection: FakePeerConnection,
      MediaStream: FakeMediaStream,
      HTMLMediaElement: FakeElement,
      Audio: FakeElement,
      ResizeObserver: Observer,
      IntersectionObserver: Observer,
      isSecureContext: true,
      navigator: { mediaDevices: this.mediaDevices },
      document: Object.assign(new EventTarget(), { baseURI: 'http://host/r/demo', visibilityState: 'visible' }),
      token: 'jwt',
      signal: this.stop.signal,
      addTile: (name: string, source: string) => {
        const tile = new FakeElement();
        this.tiles.set(`${name}/${source}`, tile);
        return tile;
      },
    };
    for (const name of ELEMENTS) this.#elements.set(name, new FakeElement());
    for (const name of FUNCTIONS) this.#functions.set(name, vi.fn());
    for (const [name, value] of [...Object.entries(globals), ...this.#elements, ...this.#functions]) {
      vi.stubGlobal(name, value);
    }
  }

  element(name: (typeof ELEMENTS)[number]): FakeElement {
    return this.#elements.get(name) as FakeElement;
  }

  called(name: (typeof FUNCTIONS)[number]): ReturnType<typeof vi.fn> {
    return this.#functions.get(name) as ReturnType<typeof vi.fn>;
  }
}
