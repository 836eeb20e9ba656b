import type { LiveViewer, Quality } from 'tertulia-client/viewer';
import { page, setButton } from './page.ts';
import type { Words } from './words.ts';

/** Full screen is the whole player, so that its controls stay; an iPhone only has it for the video itself. */
interface PhoneVideo extends HTMLVideoElement {
  webkitEnterFullscreen?(): void;
}

/** Nobody who watches in full screen wants to see the controls for longer. Milliseconds. */
const IDLE = 3000;

/** The controls below the picture, and the keys that do the same. */
export function setUpPlayer(viewer: LiveViewer, words: Words, shortcuts: boolean): void {
  const { player, video, controls, start, play, mute, volume, quality, floating, full } = page;
  player.ariaLabel = words.player;
  controls.ariaLabel = words.controls;
  volume.ariaLabel = volume.title = words.volume;
  quality.ariaLabel = quality.title = words.quality;
  for (const option of quality.options) option.text = words.qualities[option.value as Quality];

  const showSound = () => {
    const silent = video.muted || video.volume === 0;
    setButton(mute, silent ? words.unmute : words.mute, !silent);
    volume.value = String(video.muted ? 0 : video.volume);
  };
  const showPlaying = () => setButton(play, video.paused ? words.play : words.pause, !video.paused);
  const showGesture = () => {
    start.hidden = !viewer.needsGesture;
    start.textContent = video.paused ? words.start : words.soundOn;
  };
  const showFull = () =>
    setButton(full, document.fullscreenElement ? words.endFullScreen : words.fullScreen, !document.fullscreenElement);

  const togglePlay = () => (video.paused ? void video.play() : video.pause());
  const toggleSound = () => {
    if (video.volume === 0) video.volume = 1;
    if (video.muted) viewer.unmute();
    else video.muted = true;
  };
  const toggleFull = async () => {
    const phone = video as PhoneVideo;
    if (document.fullscreenElement) await document.exitFullscreen();
    else if (document.fullscreenEnabled) await player.requestFullscreen();
    else phone.webkitEnterFullscreen?.();
  };
  const toggleFloating = async () => {
    if (document.pictureInPictureElement) await document.exitPictureInPicture();
    else await video.requestPictureInPicture();
  };
  /** The browser refuses what it does not want now, such as a second window while the first opens: nothing is lost. */
  const tried = (work: () => Promise<void>) => () => void work().catch(() => undefined);

  play.addEventListener('click', togglePlay);
  mute.addEventListener('click', toggleSound);
  start.addEventListener('click', () => viewer.unmute());
  full.addEventListener('click', tried(toggleFull));
  floating.addEventListener('click', tried(toggleFloating));
  volume.addEventListener('input', () => {
    video.volume = Number(volume.value);
    if (video.volume > 0 && video.muted) viewer.unmute();
  });
  quality.addEventListener('change', () => {
    viewer.quality = quality.value as Quality;
  });
  video.addEventListener('dblclick', tried(toggleFull));
  for (const type of ['volumechange', 'play', 'pause']) {
    video.addEventListener(type, () => {
      showSound();
      showPlaying();
      showGesture();
    });
  }
  viewer.addEventListener('needsgesture', showGesture);
  document.addEventListener('fullscreenchange', showFull);

  full.hidden = !document.fullscreenEnabled && !('webkitEnterFullscreen' in video);
  floating.hidden = !document.pictureInPictureEnabled;
  setButton(floating, words.pictureInPicture, true);
  showSound();
  showPlaying();
  showGesture();
  showFull();
  hideWhenIdle(player);
  if (shortcuts) listenForKeys({ ' ': togglePlay, k: togglePlay, m: toggleSound, f: tried(toggleFull) });
}

function listenForKeys(keys: Record<string, () => void>): void {
  document.addEventListener('keydown', (event) => {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (target instanceof HTMLSelectElement || target instanceof HTMLInputElement) return;
    // On a button the space bar presses the button.
    if (key === ' ' && target instanceof HTMLButtonElement) return;
    const run = Object.hasOwn(keys, key.toLowerCase()) ? keys[key.toLowerCase()] : undefined;
    if (!run) return;
    event.preventDefault();
    run();
  });
}

function hideWhenIdle(player: HTMLElement): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wake = () => {
    delete player.dataset.idle;
    clearTimeout(timer);
    timer = setTimeout(() => {
      player.dataset.idle = '';
    }, IDLE);
  };
  for (const type of ['pointermove', 'pointerdown', 'keydown', 'focusin']) player.addEventListener(type, wake);
  wake();
}
