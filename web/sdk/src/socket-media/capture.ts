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

/** What a track brings, piece by piece, until it is stopped. */
export interface Capture {
  stop(): void;
}

/** Takes one piece, which is closed when it has returned. */
type Handle<T> = (piece: T) => void;
type Failed = (error: unknown) => void;

/** A played picture is looked at so often at least, in milliseconds: a page that nobody sees is told of no new ones. */
const LOOK_EVERY = 1000;
/** Samples of played sound that come together: 21 ms at 48 kHz. */
const SAMPLES = 1024;

export function capturePictures(track: MediaStreamTrack, handle: Handle<VideoFrame>, failed: Failed): Capture {
  return begin(
    () =>
      typeof MediaStreamTrackProcessor === 'undefined'
        ? capturePlayedPictures(track, handle, failed)
        : captureTrack(new MediaStreamTrackProcessor<VideoFrame>({ track }), handle, failed),
    failed,
  );
}

export function captureSound(track: MediaStreamTrack, handle: Handle<AudioData>, failed: Failed): Capture {
  return begin(
    () =>
      typeof MediaStreamTrackProcessor === 'undefined'
        ? capturePlayedSound(track, handle, failed)
        : captureTrack(new MediaStreamTrackProcessor<AudioData>({ track }), handle, failed),
    failed,
  );
}

/** A track that has ended is refused at once; its sender is told so like of what goes wrong later. */
function begin(open: () => Capture, failed: Failed): Capture {
  try {
    return open();
  } catch (error) {
    let stopped = false;
    queueMicrotask(() => {
      if (!stopped) failed(error);
    });
    return {
      stop: () => {
        stopped = true;
      },
    };
  }
}

function captureTrack<T extends { close(): void }>(
  { readable }: TrackProcessor<T>,
  handle: Handle<T>,
  failed: Failed,
): Capture {
  const reader = readable.getReader();
  let stopped = false;
  const run = async () => {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      if (stopped) value.close();
      else take(value, handle);
    }
  };
  run().catch((error: unknown) => {
    if (!stopped) failed(error);
  });
  return {
    stop: () => {
      stopped = true;
      reader.cancel().catch(() => undefined);
    },
  };
}

/** Firefox and Safari let only workers read a track. Here it is played, unseen, and what is shown is taken. */
function capturePlayedPictures(track: MediaStreamTrack, handle: Handle<VideoFrame>, failed: Failed): Capture {
  const video = document.createElement('video');
  Object.assign(video, { muted: true, playsInline: true, srcObject: new MediaStream([track]) });
  let request = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  const next = () => {
    if (stopped) return;
    request = video.requestVideoFrameCallback(look);
    timer = setTimeout(look, LOOK_EVERY);
  };
  const look = () => {
    video.cancelVideoFrameCallback(request);
    clearTimeout(timer);
    try {
      if (video.readyState >= video.HAVE_CURRENT_DATA) take(new VideoFrame(video, { timestamp: 0 }), handle);
      next();
    } catch (error) {
      failed(error);
    }
  };
  video.play().then(next, (error: unknown) => {
    if (!stopped) failed(error);
  });
  return {
    stop: () => {
      stopped = true;
      video.cancelVideoFrameCallback(request);
      clearTimeout(timer);
      video.srcObject = null;
    },
  };
}

/** A script processor, though deprecated, is in every browser, and needs no file of its own that a page's policy would have to allow. */
function capturePlayedSound(track: MediaStreamTrack, handle: Handle<AudioData>, failed: Failed): Capture {
  const context = new AudioContext();
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const tap = context.createScriptProcessor(SAMPLES, 1, 1);
  tap.onaudioprocess = ({ inputBuffer, playbackTime }) => {
    const data = new Float32Array(inputBuffer.getChannelData(0));
    const { sampleRate, length: numberOfFrames } = inputBuffer;
    const timestamp = Math.round(playbackTime * 1e6);
    try {
      take(
        new AudioData({ format: 'f32-planar', sampleRate, numberOfFrames, numberOfChannels: 1, timestamp, data }),
        handle,
      );
    } catch (error) {
      tap.onaudioprocess = null;
      failed(error);
    }
  };
  // It only runs where it leads somewhere; nothing is put into its output.
  source.connect(tap).connect(context.destination);
  return {
    stop: () => {
      tap.onaudioprocess = null;
      source.disconnect();
      tap.disconnect();
      void context.close();
    },
  };
}

function take<T extends { close(): void }>(piece: T, handle: Handle<T>): void {
  try {
    handle(piece);
  } finally {
    piece.close();
  }
}
