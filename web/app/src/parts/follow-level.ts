const TICK = 100;

/** Tells ten times a second how loud a track is: 0 is -60 dB or less, 1 is full. Returns how to stop. */
export function followLevel(track: MediaStreamTrack, tell: (level: number) => void): () => void {
  const context = new AudioContext();
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    tell(Math.max(0, Math.min(1, 1 + (10 * Math.log10(power + 1e-9)) / 60)));
  }, TICK);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}
