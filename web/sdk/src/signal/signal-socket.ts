/** The part of `WebSocket` that is used. */
export interface SignalSocket {
  readonly readyState: number;
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: { data: unknown }) => unknown) | null;
  onclose: ((event: { code: number }) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

export type SocketFactory = (url: string, protocol: string) => SignalSocket;

export const openWebSocket: SocketFactory = (url, protocol) => new WebSocket(url, protocol) as unknown as SignalSocket;

/** Calls `wake` when the network may have come back; returns how to stop. */
export type WakeUps = (wake: () => void) => () => void;

export const pageWakeUps: WakeUps = (wake) => {
  const stop = new AbortController();
  const { signal } = stop;
  globalThis.addEventListener?.('online', wake, { signal });
  const page = globalThis.document;
  page?.addEventListener('visibilitychange', () => page.visibilityState === 'visible' && wake(), { signal });
  return () => stop.abort();
};
