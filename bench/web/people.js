// Several people in one page: each is a room of its own with a small moving picture and a tone that comes and goes.
const WIDTH = 320;
const HEIGHT = 180;
const FPS = 15;
/** Each speaks for so long, one after the other, in milliseconds. */
const TURN = 1500;

function camera(number) {
  const canvas = Object.assign(document.createElement('canvas'), { width: WIDTH, height: HEIGHT });
  const context = canvas.getContext('2d');
  const draw = () => {
    context.fillStyle = `hsl(${number * 30} 50% 40%)`;
    context.fillRect(0, 0, WIDTH, HEIGHT);
    context.fillStyle = '#fff';
    context.beginPath();
    context.arc(WIDTH / 2 + 60 * Math.sin(Date.now() / 700 + number), HEIGHT / 2, 40, 0, 7);
    context.fill();
  };
  setInterval(draw, 1000 / FPS);
  draw();
  return canvas.captureStream(FPS).getVideoTracks()[0];
}

function microphone(audio, number, count) {
  const tone = audio.createOscillator();
  const gain = audio.createGain();
  const out = audio.createMediaStreamDestination();
  tone.frequency.value = 200 + number * 40;
  tone.connect(gain).connect(out);
  tone.start();
  setInterval(() => {
    gain.gain.value = Math.floor(performance.now() / TURN) % count === number ? 0.3 : 0;
  }, 100);
  return out.stream.getAudioTracks()[0];
}

/** Joins so many people to the room, and returns when all are in it. */
export async function gather(room, count) {
  const { Room } = await import('/sdk/tertulia.js');
  const audio = new AudioContext();
  for (let number = 0; number < count; number += 1) {
    const one = new Room(`/r/${room}`);
    await one.join({ name: `Person ${number + 1}` });
    await one.local.publish(camera(number), { source: 'camera' });
    await one.local.publish(microphone(audio, number, count), { source: 'microphone' });
  }
}
