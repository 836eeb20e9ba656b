// By the SDK, as an app would.
import { Room } from '/sdk/tertulia.js';

export async function publish(name, video, audio, sending) {
  const room = new Room(`/r/${name}`);
  await room.join({ name: 'Sender' });
  await room.local.publish(video, { source: 'camera', ...sending });
  await room.local.publish(audio, { source: 'microphone' });
  return () => room.roads().sfu;
}

export async function receive(name, take) {
  const room = new Room(`/r/${name}`);
  room.addEventListener('track', ({ track }) => take(track));
  await room.join({ name: 'Receiver' });
  return () => room.roads().sfu;
}
