/** The parts of live.html. */
function part<E extends Element>(id: string, type: new () => E): E {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`live.html has no ${id}`);
  return found;
}

export const page = {
  room: part('room', HTMLElement),
  badge: part('badge', HTMLElement),
  viewers: part('viewers', HTMLElement),
  player: part('player', HTMLElement),
  video: part('video', HTMLVideoElement),
  shown: part('shown', HTMLElement),
  message: part('message', HTMLElement),
  again: part('again', HTMLButtonElement),
  start: part('start', HTMLButtonElement),
  controls: part('controls', HTMLElement),
  play: part('play', HTMLButtonElement),
  mute: part('mute', HTMLButtonElement),
  volume: part('volume', HTMLInputElement),
  delay: part('delay', HTMLElement),
  quality: part('quality', HTMLSelectElement),
  floating: part('floating', HTMLButtonElement),
  full: part('full', HTMLButtonElement),
};

/** A button whose picture and name say what it does next. */
export function setButton(button: HTMLButtonElement, name: string, on: boolean): void {
  button.ariaLabel = button.title = name;
  button.dataset.on = String(on);
}
