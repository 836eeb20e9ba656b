// Runs before somebody else's page: gives it a camera and a microphone of ours, and looks at its video elements from outside. Made one
// script with picture.js, for a script that runs before a page is no module. SETUP: {id, hz, fps}.
import { listen, paint, read, tone } from './picture.js';

const ears = new Map();

MediaDevices.prototype.getUserMedia = async ({ audio, video }) =>
  new MediaStream([...(audio ? [tone(SETUP.hz)] : []), ...(video ? [paint(SETUP.id, SETUP.fps).track] : [])]);

window.eyes = {
  /** What the first element that fits shows now. */
  look: (selector) => {
    const video = document.querySelector(selector);
    return video ? read(video) : null;
  },
  /** The loudest pitch of what it plays. */
  hear: (selector) => {
    const stream = document.querySelector(selector)?.srcObject;
    if (!stream?.getAudioTracks().length) return null;
    if (!ears.has(stream)) ears.set(stream, listen(stream));
    return ears.get(stream)();
  },
};
