import type { MediaChunkCame } from '../wire/generated.js';

/** Sound is played so much later than it comes, in seconds: at first, at most, and what a gap adds. */
const DELAY_FIRST = 0.1;
const DELAY_MAX = 0.5;
const DELAY_STEP = 0.05;
/** What is later than that beyond the delay is left out, so that sound does not stay behind after a stall. */
const SURPLUS_MAX = 0.4;

/** Decodes one publication's sound into a track. What comes unevenly is played evenly, a little later. */
export class SoundReceiver {
  readonly #context: AudioContext;
  readonly #found: (track: MediaStreamTrack) => void;
  readonly #output: MediaStreamAudioDestinationNode;
  readonly #wake = new AbortController();
  #decoder: AudioDecoder | null = null;
  #delay = DELAY_FIRST;
  /** When what comes next is played. */
  #end = 0;
  #isFound = false;

  constructor(context: AudioContext, found: (track: MediaStreamTrack) => void) {
    this.#context = context;
    this.#found = found;
    this.#output = context.createMediaStreamDestination();
    // Before somebody has touched the page the browser may keep it silent.
    const resume = () => void context.resume().catch(() => undefined);
    resume();
    for (const touch of ['pointerdown', 'keydown'])
      globalThis.addEventListener?.(touch, resume, { signal: this.#wake.signal, capture: true });
  }

  handleChunk({ time, bytes }: MediaChunkCame): void {
    if (this.#wake.signal.aborted) return;
    this.#open().decode(new EncodedAudioChunk({ type: 'key', timestamp: time, data: new Uint8Array(bytes) }));
  }

  close(): void {
    this.#wake.abort();
    if (this.#decoder?.state !== 'closed') this.#decoder?.close();
    this.#output.disconnect();
    for (const track of this.#output.stream.getTracks()) track.stop();
  }

  #open(): AudioDecoder {
    if (this.#decoder?.state === 'configured') return this.#decoder;
    this.#decoder = new AudioDecoder({
      output: (sound) => this.#play(sound),
      // The next chunk opens another one.
      error: () => undefined,
    });
    this.#decoder.configure({ codec: 'opus', sampleRate: 48_000, numberOfChannels: 2 });
    return this.#decoder;
  }

  #play(sound: AudioData): void {
    const { numberOfChannels: channels, numberOfFrames: frames, sampleRate } = sound;
    const buffer = this.#context.createBuffer(channels, frames, sampleRate);
    for (let channel = 0; channel < channels; channel++) {
      const samples = new Float32Array(frames);
      sound.copyTo(samples, { planeIndex: channel, format: 'f32-planar' });
      buffer.copyToChannel(samples, channel);
    }
    sound.close();
    if (this.#wake.signal.aborted) return;
    this.#schedule(buffer);
    if (this.#isFound) return;
    this.#isFound = true;
    const [track] = this.#output.stream.getAudioTracks();
    if (track) this.#found(track);
  }

  #schedule(buffer: AudioBuffer): void {
    const now = this.#context.currentTime;
    if (this.#end < now) {
      // What is played has run out: the next gap of this length shall not be heard.
      if (this.#end > 0) this.#delay = Math.min(DELAY_MAX, this.#delay + DELAY_STEP);
      this.#end = now + this.#delay;
    } else if (this.#end - now > this.#delay + SURPLUS_MAX) {
      return;
    }
    const source = this.#context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.#output);
    source.start(this.#end);
    this.#end += buffer.duration;
  }
}
