/** Not in TypeScript's library: Chromium's, before it was called VideoTrackGenerator and went into workers. */
interface TrackGenerator extends MediaStreamTrack {
  readonly writable: WritableStream<VideoFrame>;
}
declare const MediaStreamTrackGenerator: (new (init: { kind: 'video' }) => TrackGenerator) | undefined;

/** Frames that become a track. */
export interface Screen {
  readonly track: MediaStreamTrack;
  /** The frame is closed by it. */
  show(frame: VideoFrame): void;
  close(): void;
}

export function openScreen(): Screen {
  return typeof MediaStreamTrackGenerator === 'undefined' ? drawnScreen() : generatedScreen(MediaStreamTrackGenerator);
}

function generatedScreen(Generator: new (init: { kind: 'video' }) => TrackGenerator): Screen {
  const track = new Generator({ kind: 'video' });
  const writer = track.writable.getWriter();
  return {
    track,
    show: (frame) => void writer.write(frame).catch(() => frame.close()),
    close: () => {
      track.stop();
      void writer.close().catch(() => undefined);
    },
  };
}

/** Where frames cannot be given to a track they are drawn. */
function drawnScreen(): Screen {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  const [track] = canvas.captureStream().getVideoTracks();
  if (!context || !track) throw new Error('A canvas cannot be drawn on here.');
  return {
    track,
    show: (frame) => {
      const { displayWidth: width, displayHeight: height } = frame;
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      context.drawImage(frame, 0, 0);
      frame.close();
    },
    close: () => track.stop(),
  };
}
