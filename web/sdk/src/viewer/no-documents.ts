/** In place of the room's documents in `viewer.js`: who only shows a stream writes none. */
export class Documents {
  handleMessage() {}
  handleBack() {}
  handleLost() {}
  handleClosed() {}
}
