import type { MediaChunkCame } from '../wire/generated.js';
import type { Screen } from './screen.js';
import { openScreen } from './screen.js';

/** Pictures that may be in the decoder: a device that is slower begins anew at a key frame. */
const DECODING_MAX = 30;

export interface ReceiverPorts {
  /** Its first picture is in this track. */
  found(track: MediaStreamTrack): void;
  /** It can go on at a key frame only. */
  refresh(): void;
}

/** Decodes one publication's pictures into a track. */
export class PictureReceiver {
  readonly #ports: ReceiverPorts;
  readonly #screen: Screen = openScreen();
  #decoder: VideoDecoder | null = null;
  #awaitsKeyFrame = true;
  #isFound = false;
  #closed = false;

  constructor(ports: ReceiverPorts) {
    this.#ports = ports;
  }

  handleChunk({ key, time, bytes }: MediaChunkCame): void {
    if (this.#closed) return;
    if ((this.#decoder?.decodeQueueSize ?? 0) > DECODING_MAX) this.#beginAnew();
    if (this.#awaitsKeyFrame && !key) return;
    this.#awaitsKeyFrame = false;
    const data = new Uint8Array(bytes);
    this.#open().decode(new EncodedVideoChunk({ type: key ? 'key' : 'delta', timestamp: time, data }));
  }

  close(): void {
    this.#closed = true;
    if (this.#decoder?.state !== 'closed') this.#decoder?.close();
    this.#screen.close();
  }

  #open(): VideoDecoder {
    if (this.#decoder?.state === 'configured') return this.#decoder;
    this.#decoder = new VideoDecoder({
      output: (frame) => this.#show(frame),
      error: () => this.#beginAnew(),
    });
    this.#decoder.configure({ codec: 'vp8', optimizeForLatency: true });
    return this.#decoder;
  }

  #show(frame: VideoFrame): void {
    if (this.#closed) return frame.close();
    this.#screen.show(frame);
    if (this.#isFound) return;
    this.#isFound = true;
    this.#ports.found(this.#screen.track);
  }

  #beginAnew(): void {
    if (this.#closed || this.#awaitsKeyFrame) return;
    if (this.#decoder?.state !== 'closed') this.#decoder?.close();
    this.#decoder = null;
    this.#awaitsKeyFrame = true;
    this.#ports.refresh();
  }
}
