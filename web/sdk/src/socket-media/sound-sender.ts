import { type Capture, captureSound } from './capture.js';
import type { SenderPorts } from './picture-sender.js';

/** Bits a second. */
const BITRATE = 32_000;
/** How far the times of sound may drift from those of pictures before they are set anew, in microseconds. */
const DRIFT_MAX = 200_000;
const SILENCE = 127;

/** Encodes one audio track, whichever it is at present. */
export class SoundSender {
  readonly #ports: SenderPorts;
  #capture: Capture | null = null;
  #encoder: AudioEncoder | null = null;
  #format = '';
  /** Added to the track's own times, in microseconds. */
  #offset: number | null = null;
  #last = -1;
  /** The loudest since the last chunk. */
  #level = SILENCE;

  constructor(ports: SenderPorts) {
    this.#ports = ports;
  }

  /** Sends this one from now on; null: nothing. */
  replace(track: MediaStreamTrack | null): void {
    this.#capture?.stop();
    this.#capture = null;
    this.#offset = null;
    if (this.#encoder?.state !== 'closed') this.#encoder?.close();
    this.#encoder = null;
    if (!track) return;
    this.#capture = captureSound(
      track,
      (sound) => this.#encode(sound),
      (error) => this.#ports.failed(error),
    );
  }

  #encode(sound: AudioData): void {
    const offset = performance.now() * 1000 - sound.timestamp;
    if (this.#offset === null || Math.abs(offset - this.#offset) > DRIFT_MAX) this.#offset = offset;
    this.#level = Math.min(this.#level, levelOf(sound));
    this.#prepare(sound).encode(sound);
  }

  #prepare({ sampleRate, numberOfChannels }: AudioData): AudioEncoder {
    const format = `${sampleRate} ${numberOfChannels}`;
    if (this.#encoder?.state === 'configured' && this.#format === format) return this.#encoder;
    if (this.#encoder?.state === 'configured') this.#encoder.close();
    this.#format = format;
    this.#encoder = new AudioEncoder({
      output: (chunk) => this.#handleChunk(chunk),
      error: (error) => this.#ports.failed(error),
    });
    this.#encoder.configure({ codec: 'opus', sampleRate, numberOfChannels, bitrate: BITRATE });
    return this.#encoder;
  }

  #handleChunk(chunk: EncodedAudioChunk): void {
    const bytes = new Uint8Array(chunk.byteLength);
    chunk.copyTo(bytes);
    const time = Math.max(this.#last + 1, Math.round(chunk.timestamp + (this.#offset ?? 0)));
    const level = this.#level;
    [this.#last, this.#level] = [time, SILENCE];
    this.#ports.send({ key: true, time, level, bytes });
  }
}

/** Of its first channel, in -dBov (RFC 6465 section 2). */
function levelOf(sound: AudioData): number {
  const samples = new Float32Array(sound.numberOfFrames);
  sound.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length);
  return power > 0 ? Math.min(SILENCE, Math.max(0, Math.round(-10 * Math.log10(power)))) : SILENCE;
}
