// Looks at a page that is not ours: what its video shows, and what its sounds play. Loaded into the page from outside.
import { listen, read } from './picture.js';

const KEEP = 2000;

class Watcher {
  frames = [];
  #ears = new Map();

  constructor(video) {
    const shown = () => {
      const seen = read(video);
      if (seen) this.frames.push({ at: performance.now(), ...seen });
      if (this.frames.length > KEEP) this.frames.shift();
      video.requestVideoFrameCallback(shown);
    };
    video.requestVideoFrameCallback(shown);
  }

  /** Since a time of this page's clock. */
  watch(since) {
    return this.frames.filter((frame) => frame.at >= since);
  }

  /** The loudest pitch of each sound that is played aloud; `window.players` holds the elements, see `PLAYERS` in test_viewer.py. */
  hear() {
    const aloud = window.players.filter((player) => !player.muted && !player.paused && player.volume > 0 && player.srcObject);
    return aloud.map((player) => {
      if (!this.#ears.has(player)) this.#ears.set(player, listen(player.srcObject));
      return this.#ears.get(player)();
    });
  }
}

window.watcher = new Watcher(document.querySelector('video'));
