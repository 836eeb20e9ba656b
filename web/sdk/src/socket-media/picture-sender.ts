import { type Capture, capturePictures } from './capture.js';

/** Where encoded frames go. */
export interface SenderPorts {
  /** `time` in microseconds, rising; `level` of sound, in -dBov. */
  send(chunk: { key: boolean; time: number; level?: number | null; bytes: Uint8Array<ArrayBuffer> }): void;
  /** Bytes that wait in the socket. */
  buffered(): number;
  failed(error: unknown): void;
}

/** Above so many bytes that wait in the socket no picture is encoded: it would only come later, and what is sent next with it. */
const BUFFERED_MAX = 128 * 1024;
/** Pictures that may be in the encoder. */
const ENCODING_MAX = 2;
const LONGER_SIDE_MAX = 1280;
/** Bits for each pixel of a picture: 0.9 Mbit/s at 1280×720 and 30 a second. */
const BITS_PER_PIXEL = 0.033;
const FRAME_RATE = 30;

/** Encodes one video track, whichever it is at present. */
export class PictureSender {
  readonly #ports: SenderPorts;
  #capture: Capture | null = null;
  #encoder: VideoEncoder | null = null;
  #size = '';
  #keyFrame = true;
  #last = -1;

  constructor(ports: SenderPorts) {
    this.#ports = ports;
  }

  /** Sends this one from now on; null: nothing. It begins with a key frame. */
  replace(track: MediaStreamTrack | null): void {
    this.#capture?.stop();
    this.#capture = null;
    this.#keyFrame = true;
    if (!track) {
      if (this.#encoder?.state !== 'closed') this.#encoder?.close();
      this.#encoder = null;
      return;
    }
    this.#capture = capturePictures(
      track,
      (frame) => this.#encode(frame),
      (error) => this.#ports.failed(error),
    );
  }

  /** The next picture is a key frame. */
  refresh(): void {
    this.#keyFrame = true;
  }

  #encode(frame: VideoFrame): void {
    const encoder = this.#prepare(frame);
    if (!encoder || encoder.encodeQueueSize >= ENCODING_MAX || this.#ports.buffered() > BUFFERED_MAX) return;
    // A camera's own times begin anew with each camera, and are not those of the microphone.
    const timestamp = Math.max(this.#last + 1, Math.round(performance.now() * 1000));
    this.#last = timestamp;
    const stamped = new VideoFrame(frame, { timestamp });
    encoder.encode(stamped, { keyFrame: this.#keyFrame });
    stamped.close();
    this.#keyFrame = false;
  }

  /** An encoder for pictures of this size. */
  #prepare(frame: VideoFrame): VideoEncoder | null {
    const { width, height } = fitting(frame.displayWidth, frame.displayHeight);
    const size = `${width}x${height}`;
    if (this.#encoder?.state === 'configured' && this.#size === size) return this.#encoder;
    if (this.#encoder?.state !== 'configured') {
      this.#encoder = new VideoEncoder({
        output: (chunk) => this.#handleChunk(chunk),
        error: (error) => this.#ports.failed(error),
      });
    }
    this.#size = size;
    this.#keyFrame = true;
    this.#encoder.configure({
      codec: 'vp8',
      width,
      height,
      bitrate: Math.round(width * height * FRAME_RATE * BITS_PER_PIXEL),
      framerate: FRAME_RATE,
      latencyMode: 'realtime',
    });
    return this.#encoder;
  }

  #handleChunk(chunk: EncodedVideoChunk): void {
    const bytes = new Uint8Array(chunk.byteLength);
    chunk.copyTo(bytes);
    this.#ports.send({ key: chunk.type === 'key', time: chunk.timestamp, bytes });
  }
}

/** Even, and not larger than is sent. */
function fitting(width: number, height: number): { width: number; height: number } {
  const scale = Math.min(1, LONGER_SIDE_MAX / Math.max(width, height, 1));
  const even = (length: number) => Math.max(2, Math.round((length * scale) / 2) * 2);
  return { width: even(width), height: even(height) };
}
