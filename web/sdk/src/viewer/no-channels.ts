/** In place of messages on data channels in `viewer.js`: who only shows a stream has no way to them, and every byte is downloaded. */
export class Channels {
  handleClosed() {}
}

export class LinkChannels extends EventTarget {}
