import type { RoomStatus } from './messages.js';
import { TertuliaRoom } from './tertulia-room.js';

export type { RoomStatus } from './messages.js';
export { TertuliaRoom } from './tertulia-room.js';

declare global {
  interface HTMLElementTagNameMap {
    'tertulia-room': TertuliaRoom;
  }
  interface HTMLElementEventMap {
    /** Of a `<tertulia-room>`. */
    state: CustomEvent<RoomStatus>;
  }
}

if (globalThis.customElements && !customElements.get('tertulia-room')) {
  customElements.define('tertulia-room', TertuliaRoom);
}
