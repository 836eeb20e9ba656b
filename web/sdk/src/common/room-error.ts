import type { ErrorCode, Error as WireErrorMessage } from '../wire/generated.js';

/**
 * Why something did not work. The codes of the protocol (see the reference), and these of the client:
 * `unreachable` no connection to the server · `closed` the room is not joined, or no more · `gap` the server left out a message ·
 * `unsupported` this browser cannot do it · `overflow` messages came faster than they were read · `too_slow` the server closed a data channel that took what came too slowly · and for devices `denied`, `no-device`, `in-use`, `insecure` (the page is not on HTTPS or localhost).
 */
export type RoomErrorCode =
  | ErrorCode
  | 'unreachable'
  | 'closed'
  | 'gap'
  | 'unsupported'
  | 'overflow'
  | 'too_slow'
  | 'denied'
  | 'no-device'
  | 'in-use'
  | 'insecure';

/** An `error` or a `bye` of the wire. */
type WireError = Pick<WireErrorMessage, 'code' | 'message' | 'retryable' | 'state'>;

/** The only error class that the SDK throws, besides the reason of an aborted signal. */
export class RoomError extends Error {
  override readonly name = 'RoomError';
  /** Stable; a code that this version does not know is kept as it came. */
  readonly code: RoomErrorCode;
  /** Whether the same call may work later. */
  readonly retryable: boolean;
  /** With `conflict`: what is there now, `{ key, value, version }`; null: nothing is. */
  readonly present: unknown;

  constructor(
    code: RoomErrorCode,
    message: string,
    options: { retryable?: boolean; cause?: unknown; present?: unknown } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.present = options.present ?? null;
  }

  /** @internal From an `error` or a `bye` of the wire. */
  static fromWire({ code, message, retryable, state = null }: WireError): RoomError {
    return new RoomError(code as RoomErrorCode, message, { retryable, present: state });
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
