/** Not in TypeScript's library yet (W3C: MediaStreamTrack Insertable Media Processing). */
interface TrackProcessor<T> {
  readonly readable: ReadableStream<T>;
}
declare const MediaStreamTrackProcessor:
  | (new <T>(init: {
      track: MediaStreamTrack;
      maxBufferSize?: number;
    }) => TrackProcessor<T>)
  | undefined;

/** What a track brings, piece by piece, until it is stopped. Each piece is closed when `handle` has returned. */
export class Capture<T extends { close(): void }> {
  readonly #stop = new AbortController();

  constructor(track: MediaStreamTrack, handle: (piece: T) => void, failed: (error: unknown) => void) {
    this.#run(track, handle).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) failed(error);
    });
  }

  stop(): void {
    this.#stop.abort();
  }

  async #run(track: MediaStreamTrack, handle: (piece: T) => void): Promise<void> {
    if (typeof MediaStreamTrackProcessor === 'undefined')
      throw new Error('This browser does not show what a track brings.');
    const { readable } = new MediaStreamTrackProcessor<T>({ track });
    const reader = readable.getReader();
    this.#stop.signal.addEventListener('abort', () => void reader.cancel().catch(() => undefined));
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      try {
        if (!this.#stop.signal.aborted) handle(value);
      } finally {
        value.close();
      }
    }
  }
}
