// Runs before the app in its page: cameras, microphones and screens with pictures and tones of our own, and eyes and ears for what the
// app shows and plays. Made one script with picture.js by `devices` of meeting.py, for a script that runs before a page is no module.
import { listen, paint, read, tone } from './picture.js';

const PATIENCE = 1000;

class Meeting {
  #cameras;
  #microphones;
  #screen;
  #fps;
  #open = new Map();
  #shared = [];
  #ears = new Map();

  /** A camera is `{label, id}`, id being what its picture says; a microphone `{label, hz}`; the screen `{id, hz}`. */
  constructor({ cameras, microphones, screen, fps }) {
    this.#cameras = cameras;
    this.#microphones = microphones;
    this.#screen = screen;
    this.#fps = fps;
    if (!window.isSecureContext) return; // there is nothing to stand in for
    Object.assign(MediaDevices.prototype, {
      enumerateDevices: async () => this.#devices(),
      getUserMedia: async (wanted) => this.#capture(wanted),
      getDisplayMedia: async () => this.#share(),
    });
  }

  /** Names of errors that the next requests for a device or a screen end with. */
  refusals = { camera: [], microphone: [], screen: [] };

  #devices() {
    const info = (kind) => ({ label }) => ({ kind, label, deviceId: label, groupId: label });
    return [...this.#microphones.map(info('audioinput')), ...this.#cameras.map(info('videoinput'))];
  }

  #refuse(what) {
    const name = this.refusals[what].shift();
    if (name) throw new DOMException('refused by the test', name);
  }

  #capture({ video, audio }) {
    this.#refuse(video ? 'camera' : 'microphone');
    const present = video ? this.#cameras : this.#microphones;
    const device = present.find(({ label }) => label === (video || audio).deviceId?.ideal) ?? present[0];
    if (!device) throw new DOMException('unplugged', 'NotFoundError');
    const track = video ? picture(device.id, this.#fps) : tone(device.hz);
    Object.defineProperty(track, 'label', { value: device.label });
    const settings = track.getSettings.bind(track);
    track.getSettings = () => ({ ...settings(), deviceId: device.label });
    this.#open.set(device.label, track);
    return new MediaStream([track]);
  }

  #share() {
    this.#refuse('screen');
    this.#shared = [picture(this.#screen.id, this.#fps), tone(this.#screen.hz)];
    return new MediaStream(this.#shared);
  }

  /** As when its plug is pulled. */
  unplug(label) {
    this.#cameras = this.#cameras.filter((camera) => camera.label !== label);
    this.#microphones = this.#microphones.filter((microphone) => microphone.label !== label);
    const track = this.#open.get(label);
    if (track) endByItself(track);
    navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
  }

  /** As by the bar that the browser shows while something is shared. */
  stopSharing() {
    for (const track of this.#shared) endByItself(track);
  }

  /** The loudest pitch of each sound that the app plays aloud. */
  hear() {
    const players = [...document.querySelectorAll('audio')].filter(
      (player) => !player.muted && !player.paused && player.volume > 0 && player.srcObject,
    );
    return players.map(({ srcObject }) => {
      if (!this.#ears.has(srcObject)) this.#ears.set(srcObject, listen(srcObject));
      return this.#ears.get(srcObject)();
    });
  }

  /** What the next frame of this element shows, see `read`; null when none comes for a while. */
  look(video) {
    return new Promise((done) => {
      setTimeout(done, PATIENCE, null);
      video.requestVideoFrameCallback(() => done(read(video)));
    });
  }
}

/** A painted track that is no longer painted once it is stopped. */
function picture(id, fps) {
  const painted = paint(id, fps);
  const stop = painted.track.stop.bind(painted.track);
  painted.track.stop = () => {
    painted.stop();
    stop();
  };
  return painted.track;
}

function endByItself(track) {
  if (track.readyState === 'ended') return;
  track.stop();
  track.dispatchEvent(new Event('ended'));
}

window.meeting = new Meeting(SETUP);
