import { Emitter } from '../common/emitter.js';
import { RoomError } from '../common/room-error.js';
import type { LinkState } from '../media/connection-watch.js';
import type { Carried, Incoming, LinkEvents } from '../media/link.js';
import { linkKey } from '../media/link.js';
import type { Encodings } from '../media/send-section.js';
import type { Kind } from '../media/send-sections.js';
import type { SocketPorts } from '../media/socket-road.js';
import type { KeyFrameWanted, MediaChunkCame } from '../wire/generated.js';
import { PictureReceiver } from './picture-receiver.js';
import { PictureSender } from './picture-sender.js';
import { SoundReceiver } from './sound-receiver.js';
import { SoundSender } from './sound-sender.js';

export const createSocketLink = (ports: SocketPorts): SocketLink => new SocketLink(ports);

interface Receiving {
  readonly receiver: PictureReceiver | SoundReceiver;
  incoming: Incoming | null;
}

/**
 * The connection to the server without WebRTC. It does what an `SfuConnection` does, for the same owner; input besides that are chunks, and
 * demands for key frames.
 */
export class SocketLink extends Emitter<LinkEvents> {
  readonly key = linkKey('socket');
  readonly pc = null;
  readonly channels = null;
  readonly silent = false;
  readonly #ports: SocketPorts;
  readonly #senders = new Map<string, PictureSender | SoundSender>();
  readonly #receivers = new Map<string, Receiving>();
  /** Tracks that are sent, or will be when the server has opened its side. */
  readonly #waiting = new Map<string, MediaStreamTrack | null>();
  #context: AudioContext | null = null;
  #state: LinkState = 'connecting';
  #retired = false;

  constructor(ports: SocketPorts) {
    super();
    this.#ports = ports;
    ports.request({ type: 'media_open', codecs: ['vp8', 'opus'] }).then(
      () => this.#become('connected'),
      (error: unknown) => {
        if (error instanceof RoomError && error.code !== 'session_gone' && error.code !== 'closed')
          this.emit('fault', { error });
        this.#become('dead');
      },
    );
  }

  get state(): LinkState {
    return this.#state;
  }

  publish(id: string, kind: Kind, track: MediaStreamTrack | null): void {
    if (this.#senders.has(id)) return;
    const send = (chunk: { key: boolean; time: number; level?: number | null; bytes: Uint8Array<ArrayBuffer> }) => {
      if (this.#state !== 'connected' || this.#retired) return;
      const codec = kind === 'video' ? 'vp8' : 'opus';
      this.#ports.send({ type: 'media_chunk', publication: id, codec, level: null, ...chunk });
    };
    const ports = { send, buffered: () => this.#ports.buffered(), failed: (error: unknown) => this.#fault(error) };
    const sender = kind === 'video' ? new PictureSender(ports) : new SoundSender(ports);
    this.#senders.set(id, sender);
    // The server takes nothing before it has opened its side.
    sender.replace(this.#state === 'connected' ? track : null);
    this.#waiting.set(id, track);
  }

  unpublish(id: string): void {
    this.#senders.get(id)?.replace(null);
    this.#senders.delete(id);
    this.#waiting.delete(id);
  }

  async replace(id: string, track: MediaStreamTrack | null, _encodings: Encodings): Promise<void> {
    const sender = this.#senders.get(id);
    if (!sender) return;
    this.#waiting.set(id, track);
    if (this.#state === 'connected') sender.replace(track);
  }

  handleMessage(message: MediaChunkCame | KeyFrameWanted): void {
    if (this.#retired) return;
    if (message.type === 'media_chunk') return this.#handleChunk(message);
    const sender = this.#senders.get(message.publication);
    if (sender instanceof PictureSender) sender.refresh();
  }

  /** It is not wanted any more. */
  drop(publication: string): void {
    this.#receivers.get(publication)?.receiver.close();
    this.#receivers.delete(publication);
  }

  /** What is received for a publication now. */
  incoming(publication: string): Incoming | null {
    return this.#receivers.get(publication)?.incoming ?? null;
  }

  /** Nothing of it goes by a section. */
  *carried(): Iterable<Carried> {}

  /** The server sends what is watched, in places of its own. */
  handleEncodings(): void {}
  handleBind(): void {}
  requireSections(): void {}
  /** The socket comes back by itself. */
  restart(): void {}

  retire(): void {
    this.#retired = true;
    for (const sender of this.#senders.values()) sender.replace(null);
  }

  close(): void {
    this.retire();
    for (const { receiver } of this.#receivers.values()) receiver.close();
    this.#receivers.clear();
    void this.#context?.close();
    this.#context = null;
  }

  #handleChunk(message: MediaChunkCame): void {
    let known = this.#receivers.get(message.publication);
    if (!known) {
      known = { receiver: this.#receiverOf(message), incoming: null };
      this.#receivers.set(message.publication, known);
    }
    known.receiver.handleChunk(message);
  }

  #become(state: LinkState): void {
    if (this.#retired) return;
    this.#state = state;
    if (state === 'connected') for (const [id, track] of this.#waiting) this.#senders.get(id)?.replace(track);
    this.emit('state', { state });
  }

  /** Where it fails, the room is left or joined anew. */
  #refresh(publication: string): void {
    this.#ports.request({ type: 'media_refresh', publication }).catch(() => undefined);
  }

  #fault(error: unknown): void {
    this.emit('fault', { error: new RoomError('media_unavailable', String(error), { cause: error }) });
  }

  #receiverOf({ publication, codec }: MediaChunkCame): PictureReceiver | SoundReceiver {
    const found = (track: MediaStreamTrack) => {
      const known = this.#receivers.get(publication);
      if (!known || this.#retired) return;
      known.incoming = { publication, track, rtp: null, reused: false };
      this.emit('track', known.incoming);
    };
    if (codec === 'vp8') return new PictureReceiver({ found, refresh: () => this.#refresh(publication) });
    this.#context ??= new AudioContext({ sampleRate: 48_000, latencyHint: 'interactive' });
    return new SoundReceiver(this.#context, found);
  }
}
