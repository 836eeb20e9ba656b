// A picture and a tone that say whose they are, and readers that find it out again from what was decoded.
//
// The picture is 6 by 4 black and white cells: 6 bits of identity, 12 bits of frame number, 6 bits of checksum, in a border whose
// colour follows from the identity. Big cells survive any codec at any rate that a call would use.

export const WIDTH = 320;
export const HEIGHT = 240;
const COLUMNS = 6;
const CELL = { width: 48, height: 54 };
const BORDER = { x: 16, y: 12 };

const bits = (value, count) => Array.from({ length: count }, (_, i) => (value >> i) & 1);
const number = (list) => list.reduce((sum, bit, i) => sum | (bit << i), 0);
const checksum = (id, n) => (id * 7 + n * 13 + (n >> 6) * 5 + 21) & 63;

/** The border's colour: far apart for neighbouring identities. */
const colour = (id) => [id & 1 ? 220 : 40, id & 2 ? 200 : 60, id & 4 ? 220 : 40];

/** How far grain goes over black and white: read cells are still told apart. */
const GRAIN = 0.25;

/**
 * A video track that shows identity `id` (0–63) with a counter that grows by one a frame; `scale` times as large. With so many specks of
 * `grain` each frame costs what a camera's would.
 */
export function paint(id, fps = 10, flash = null, scale = 1, grain = 0) {
  const canvas = Object.assign(document.createElement('canvas'), { width: WIDTH * scale, height: HEIGHT * scale });
  const context = canvas.getContext('2d', { alpha: false });
  context.scale(scale, scale);
  const times = new Map();
  let n = 0;
  const draw = () => {
    n = (n + 1) & 4095;
    const [red, green, blue] = flash?.() ? [255, 255, 255] : colour(id);
    context.fillStyle = `rgb(${red} ${green} ${blue})`;
    context.fillRect(0, 0, WIDTH, HEIGHT);
    [...bits(id, 6), ...bits(n, 12), ...bits(checksum(id, n), 6)].forEach((bit, i) => {
      context.fillStyle = bit ? '#fff' : '#000';
      const x = (i % COLUMNS) * CELL.width + BORDER.x;
      const y = Math.floor(i / COLUMNS) * CELL.height + BORDER.y;
      context.fillRect(x, y, CELL.width, CELL.height);
    });
    context.globalAlpha = GRAIN;
    for (let i = 0; i < grain; i += 1) {
      context.fillStyle = Math.random() < 0.5 ? '#fff' : '#000';
      context.fillRect(BORDER.x + Math.random() * (COLUMNS * CELL.width - 6), BORDER.y + Math.random() * (4 * CELL.height - 6), 6, 6);
    }
    context.globalAlpha = 1;
    times.set(n, performance.timeOrigin + performance.now());
    if (times.size > 1200) times.delete(times.keys().next().value);
  };
  draw();
  // A timer and not requestAnimationFrame: a page in the background is throttled to nothing by the latter.
  const timer = setInterval(draw, 1000 / fps);
  const [track] = canvas.captureStream(fps).getVideoTracks();
  return { track, times, stop: () => clearInterval(timer) };
}

const scratch = Object.assign(document.createElement('canvas'), { width: WIDTH, height: HEIGHT });
const reader = scratch.getContext('2d', { willReadFrequently: true });

function average(data, x0, y0, reach) {
  const sum = [0, 0, 0];
  let count = 0;
  for (let x = x0 - reach; x <= x0 + reach; x += 4) {
    for (let y = y0 - reach; y <= y0 + reach; y += 4) {
      const at = (y * WIDTH + x) * 4;
      for (let c = 0; c < 3; c += 1) sum[c] += data[at + c];
      count += 1;
    }
  }
  return sum.map((value) => value / count);
}

/** What a video element shows now: `{id, n, margin}` when it is one of our pictures, `{black}` or `{bad}` when not, null without a frame. */
export function read(video) {
  if (!video.videoWidth) return null;
  // An element without a frame draws nothing: what was read before must not be taken for its picture.
  reader.clearRect(0, 0, WIDTH, HEIGHT);
  reader.drawImage(video, 0, 0, WIDTH, HEIGHT);
  const { data } = reader.getImageData(0, 0, WIDTH, HEIGHT);
  let margin = 255;
  const cells = Array.from({ length: 24 }, (_, i) => {
    const x = (i % COLUMNS) * CELL.width + BORDER.x + CELL.width / 2;
    const y = Math.floor(i / COLUMNS) * CELL.height + BORDER.y + Math.floor(CELL.height / 2);
    const [, green] = average(data, x, y, 8);
    margin = Math.min(margin, Math.abs(green - 128));
    return green > 128 ? 1 : 0;
  });
  const [id, n, sum] = [number(cells.slice(0, 6)), number(cells.slice(6, 18)), number(cells.slice(18))];
  const border = average(data, 8, HEIGHT / 2, 4);
  const white = border.every((value) => value > 235);
  const near = colour(id).every((value, c) => Math.abs(value - border[c]) < 70);
  if (margin > 40 && sum === checksum(id, n) && (near || white)) return { id, n, margin: Math.round(margin), flash: white };
  return border.every((value) => value < 12) ? { black: true } : { bad: true, id, n, margin: Math.round(margin), border };
}

let audio;
export const context = () => (audio ||= new AudioContext());

/** An audio track with a steady tone of `hz`. */
export function tone(hz) {
  const oscillator = context().createOscillator();
  const gain = context().createGain();
  const out = context().createMediaStreamDestination();
  oscillator.frequency.value = hz;
  gain.gain.value = 0.3;
  oscillator.connect(gain).connect(out);
  oscillator.start();
  context().resume();
  return out.stream.getAudioTracks()[0];
}

/** Listens to a stream: gives a function that names the loudest pitch now, how far it stands above the median, in dB, and how long the stream has
 * been played by an element, in seconds. */
export function listen(stream) {
  // Chromium gives Web Audio nothing of a remote track that no media element plays.
  const element = Object.assign(new Audio(), { muted: true, srcObject: stream });
  element.play().catch(() => {});
  const analyser = context().createAnalyser();
  analyser.fftSize = 8192;
  analyser.smoothingTimeConstant = 0.3;
  let source = null;
  let heard = null;
  context().resume();
  const spectrum = new Float32Array(analyser.frequencyBinCount);
  return () => {
    const [track] = stream.getAudioTracks();
    if (track && track !== heard) {
      // A MediaStreamAudioSourceNode keeps the track that it began with.
      source?.disconnect();
      source = context().createMediaStreamSource(new MediaStream([track]));
      source.connect(analyser);
      heard = track;
    }
    analyser.getFloatFrequencyData(spectrum);
    let peak = 20;
    for (let i = 20; i < spectrum.length; i += 1) if (spectrum[i] > spectrum[peak]) peak = i;
    const sorted = [...spectrum].filter(Number.isFinite).sort((a, b) => a - b);
    const median = sorted[sorted.length >> 1] ?? -200;
    const above = Number.isFinite(spectrum[peak]) ? spectrum[peak] - median : 0;
    return { hz: (peak * context().sampleRate) / analyser.fftSize, above, played: element.currentTime };
  };
}

const CLAP_EVERY = 1;
const CLAP_LENGTH = 0.15;

/** A clapper board: a beep each second and, at the same moment, a white border for `paint`. */
export function clapper(hz) {
  const oscillator = context().createOscillator();
  const gain = context().createGain();
  const out = context().createMediaStreamDestination();
  oscillator.frequency.value = hz;
  gain.gain.value = 0;
  oscillator.connect(gain).connect(out);
  oscillator.start();
  context().resume();
  let next = 0;
  const flash = () => {
    const now = context().currentTime;
    if (next + CLAP_LENGTH < now) {
      next = Math.ceil(now + 0.2) + CLAP_EVERY - 1;
      gain.gain.setValueAtTime(0.5, next);
      gain.gain.setValueAtTime(0, next + CLAP_LENGTH);
    }
    return now >= next && now < next + CLAP_LENGTH;
  };
  return { track: out.stream.getAudioTracks()[0], flash };
}

const ONSET = `
  registerProcessor('onset', class extends AudioWorkletProcessor {
    loud = false;
    process([[samples]]) {
      if (!samples) return true;
      let peak = 0;
      for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
      if (!this.loud && peak > 0.05) this.port.postMessage(currentTime);
      this.quiet = peak > 0.05 ? 0 : (this.quiet ?? 0) + 1;
      this.loud = this.quiet < 40;
      return true;
    }
  });`;

/** Notes when a beep begins in a stream, in milliseconds of this page's clock. */
export async function beeps(stream, onBeep) {
  const element = Object.assign(new Audio(), { muted: true, srcObject: stream });
  element.play().catch(() => {});
  await context().audioWorklet.addModule(URL.createObjectURL(new Blob([ONSET], { type: 'text/javascript' })));
  const node = new AudioWorkletNode(context(), 'onset');
  // Both clocks are read in one moment; a beep is then moved from the one to the other.
  node.port.onmessage = ({ data }) => onBeep(performance.now() - (context().currentTime - data) * 1000);
  context().createMediaStreamSource(stream).connect(node).connect(new GainNode(context(), { gain: 0 })).connect(context().destination);
}
