/** The part of `WebSocket` that is used. */
export interface SignalSocket {
  readonly readyState: number;
  readonly bufferedAmount?: number;
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: { data: unknown }) => unknown) | null;
  onclose: ((event: { code: number }) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

export type SocketFactory = (url: string, protocol: string) => SignalSocket;

export const openWebSocket: SocketFactory = (url, protocol) =>
  Object.assign(new WebSocket(url, protocol), { binaryType: 'arraybuffer' }) as unknown as SignalSocket;

/** Closes it without another word from it. 1000 would tell the server that we mean to go. */
export function discard(socket: SignalSocket, code: 1000 | 4000): void {
  socket.onopen = socket.onmessage = socket.onclose = null;
  socket.close(code);
}

/** Calls `wake` when connections may have died unseen; `network`: it is back, or another one. Returns how to stop. */
export type WakeUps = (wake: (network: boolean) => void) => () => void;

export const pageWakeUps: WakeUps = (wake) => {
  const stop = new AbortController();
  const { signal } = stop;
  globalThis.addEventListener?.('online', () => wake(true), { signal });
  // Not in every browser. A change of mere estimates, as of its speed, is none of the network.
  const connection = (globalThis.navigator as { connection?: EventTarget & { type?: string } } | undefined)?.connection;
  let type = connection?.type;
  const changed = () => {
    if (connection?.type === type) return;
    type = connection?.type;
    wake(true);
  };
  connection?.addEventListener('change', changed, { signal });
  const page = globalThis.document;
  page?.addEventListener('visibilitychange', () => page.visibilityState === 'visible' && wake(false), { signal });
  return () => stop.abort();
};
