import type { ErrorCode } from '../wire/generated.js';

/**
 * Why something did not work. The codes of the protocol (see the reference), and these of the client:
 * `unreachable` no connection to the server · `closed` the room is not joined, or no more · `gap` the server left out a message ·
 * `unsupported` this browser cannot do it · `overflow` messages came faster than they were read · and for devices `denied`, `no-device`, `in-use`, `insecure` (the page is not on HTTPS or localhost).
 */
export type RoomErrorCode =
  | ErrorCode
  | 'unreachable'
  | 'closed'
  | 'gap'
  | 'unsupported'
  | 'overflow'
  | 'denied'
  | 'no-device'
  | 'in-use'
  | 'insecure';

/** The only error class that the SDK throws, besides the reason of an aborted signal. */
export class RoomError extends Error {
  override readonly name = 'RoomError';
  /** Stable; a code that this version does not know is kept as it came. */
  readonly code: RoomErrorCode;
  /** Whether the same call may work later. */
  readonly retryable: boolean;

  constructor(code: RoomErrorCode, message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.retryable = options.retryable ?? false;
  }

  /** @internal From an `error` or a `bye` of the wire. */
  static fromWire(part: { code: string; message: string; retryable: boolean }): RoomError {
    return new RoomError(part.code as RoomErrorCode, part.message, { retryable: part.retryable });
  }
}

/** Runs `work` until `signal` is aborted; the work itself is not stopped, its result is dropped. */
export function abortable<T>(work: Promise<T>, signal?: AbortSignal | null): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
