import { Devices, Room, type RoomOptions } from 'tertulia-client';

/** The parts of the browser that are used; tests have others. */
export interface Tools {
  readonly hasWebRtc: boolean;
  readonly isSecure: boolean;
  fetch: typeof fetch;
  openSocket(url: string, protocol: string): WebSocket;
  createPeerConnection(config: RTCConfiguration): RTCPeerConnection;
  createRoom(address: string, options: RoomOptions): Room;
  /** Without asking the person. */
  deviceState: typeof Devices.state;
  /** Milliseconds. */
  now(): number;
}

export const browser: Tools = {
  hasWebRtc: typeof RTCPeerConnection === 'function',
  isSecure: globalThis.isSecureContext,
  fetch: (...given) => fetch(...given),
  openSocket: (url, protocol) => new WebSocket(url, protocol),
  createPeerConnection: (config) => new RTCPeerConnection(config),
  createRoom: (address, options) => new Room(address, options),
  deviceState: (device) => Devices.state(device),
  now: () => performance.now(),
};
