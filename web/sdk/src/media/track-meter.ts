const SAMPLES = 2048;

/** Measures how loud a track of one's own is, by Web Audio. */
export class TrackMeter {
  readonly track: MediaStreamTrack;
  readonly #context = new AudioContext();
  readonly #analyser = this.#context.createAnalyser();
  readonly #samples = new Float32Array(SAMPLES);

  constructor(track: MediaStreamTrack) {
    this.track = track;
    this.#analyser.fftSize = SAMPLES;
    this.#context.createMediaStreamSource(new MediaStream([track])).connect(this.#analyser);
  }

  /** Linear, 0 to 1: the mean power of the last 40 ms; null while the browser lets nothing sound, which is before the first gesture. */
  read(): number | null {
    if (this.#context.state !== 'running') return null;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return Math.sqrt(this.#samples.reduce((sum, sample) => sum + sample * sample, 0) / SAMPLES);
  }

  close(): void {
    void this.#context.close();
  }
}
