// A moving picture that takes a camera's bits, and in its uppermost part a number that is read again from what was decoded.

const BITS = 16;
const CHECK_BITS = 8;
const CELLS = BITS + CHECK_BITS;
/** Share of the height. Cells this big survive any codec at any rate and at a quarter of the size. */
const STRIP = 1 / 9;
/** How far the layers wander, in pixels. */
const PLAY = 64;
/** Side of a spot of the texture in pixels, and how much it shows: smaller and stronger ones take more bits. */
const GRAIN = 40;
const STRENGTH = 0.3;
const KEEP = 4096;

const checksum = (n) => (n * 37 + (n >> 8) * 11 + 85) & 255;
/** Milliseconds since 1970, by a clock that all pages of this machine share. */
export const now = () => performance.timeOrigin + performance.now();

function texture(width, height) {
  const small = new OffscreenCanvas(Math.ceil(width / GRAIN), Math.ceil(height / GRAIN));
  const spots = small.getContext('2d');
  const data = spots.createImageData(small.width, small.height);
  data.data.forEach((_, i) => {
    data.data[i] = i % 4 === 3 ? 255 : Math.random() * 255;
  });
  spots.putImageData(data, 0, 0);
  const large = new OffscreenCanvas(width, height);
  large.getContext('2d').drawImage(small, 0, 0, width, height);
  return large;
}

/** `track`, and `painted`: when each number was painted. */
export function paint({ width, height, fps }) {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true });
  const layers = [0, 1].map(() => texture(width + PLAY, height + PLAY));
  const painted = new Map();
  const cell = width / CELLS;
  let n = 0;
  const draw = () => {
    n = (n + 1) % 2 ** BITS;
    layers.forEach((layer, i) => {
      // Two layers that move against each other: no motion vector fits both.
      const [x, y] = [Math.sin(n / 25 + i * 2), Math.cos(n / 33 + i * 3)].map((wave) => (wave - 1) * (PLAY / 2));
      context.globalAlpha = i === 0 ? 1 : STRENGTH;
      context.drawImage(layer, x, y);
    });
    context.globalAlpha = 1;
    const code = n | (checksum(n) << BITS);
    for (let i = 0; i < CELLS; i += 1) {
      context.fillStyle = (code >> i) & 1 ? '#fff' : '#000';
      context.fillRect(i * cell, 0, cell, height * STRIP);
    }
    painted.set(n, now());
    if (painted.size > KEEP) painted.delete(painted.keys().next().value);
  };
  draw();
  setInterval(draw, 1000 / fps);
  const [track] = canvas.captureStream().getVideoTracks();
  return { track, painted };
}

const SCALE = 10;
const scratch = new OffscreenCanvas(CELLS * SCALE, SCALE);
const reader = scratch.getContext('2d', { willReadFrequently: true });

/** The number that a video element shows now; null where none can be read. */
export function read(video) {
  reader.drawImage(video, 0, 0, video.videoWidth, video.videoHeight * STRIP, 0, 0, scratch.width, scratch.height);
  const { data } = reader.getImageData(0, 0, scratch.width, scratch.height);
  let code = 0;
  for (let i = 0; i < CELLS; i += 1) {
    const middle = (SCALE / 2) * scratch.width + i * SCALE + SCALE / 2;
    if (data[middle * 4 + 1] > 128) code |= 1 << i;
  }
  const n = code & (2 ** BITS - 1);
  return code >> BITS === checksum(n) ? n : null;
}
