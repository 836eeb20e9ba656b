import { colourOf, initials } from '../../parts/Avatar.tsx';

const WIDTH = 640;
const HEIGHT = 360;

/** A person without a picture, as a still video: for players that show nothing but video. */
export function cardOf(name: string): MediaStream {
  const canvas = Object.assign(document.createElement('canvas'), { width: WIDTH, height: HEIGHT });
  const stream = canvas.captureStream(1);
  const context = canvas.getContext('2d');
  if (!context) return stream;
  context.fillStyle = '#20262d';
  context.fillRect(0, 0, WIDTH, HEIGHT);
  context.fillStyle = colourOf(name);
  context.beginPath();
  context.arc(WIDTH / 2, HEIGHT / 2 - 30, 90, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = '#ffffff';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.font = '600 72px system-ui, sans-serif';
  context.fillText(initials(name), WIDTH / 2, HEIGHT / 2 - 26);
  context.font = '32px system-ui, sans-serif';
  context.fillText(name, WIDTH / 2, HEIGHT - 60, WIDTH - 40);
  return stream;
}
