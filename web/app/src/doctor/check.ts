/** What is looked at, in the order in which it is shown. */
export const CHECKS = [
  'browser',
  'secure',
  'server',
  'socket',
  'media',
  'stun',
  'turn-udp',
  'turn-tcp',
  'turn-tls',
  'camera',
  'microphone',
] as const;
export type CheckId = (typeof CHECKS)[number];

/** `warning`: calls work, but something about them does not. `skipped`: it could not be tried, which says nothing about it. */
export type CheckState = 'waiting' | 'running' | 'ok' | 'warning' | 'failed' | 'skipped';

/** How bytes leave this device. */
export type Road = 'udp' | 'tcp' | 'tls';

/** Why something did not work or was not tried. Stable: it stands in reports. */
export type Reason =
  /** No answer in time. */
  | 'timeout'
  /** The other side does not answer or refuses. */
  | 'unreachable'
  /** The relay did not accept what the server gave out. */
  | 'credentials'
  /** The relay has no room. */
  | 'quota'
  /** The server wants an invitation for that. */
  | 'invitation'
  /** The invitation is not valid, or not any more. */
  | 'refused'
  /** The server offers no such thing. */
  | 'not-offered'
  /** A moderator would have to let one in. */
  | 'waiting-room'
  /** The invitation is personal: with it one would push oneself out of a call. */
  | 'personal'
  | 'unsupported'
  | 'denied'
  | 'no-device'
  | 'in-use'
  | 'insecure'
  | 'error';

/** What a check has found. What does not apply is left out. */
export interface Detail {
  readonly reason?: Reason;
  readonly road?: Road;
  /** By way of a TURN server. */
  readonly relayed?: boolean;
  /** Milliseconds there and back. */
  readonly rtt?: number;
  /** This device's address, as seen from outside. */
  readonly address?: string;
  /** Left out where the browser does not tell. `symmetric`: another port for each other side, so that direct calls rarely come about. */
  readonly nat?: 'none' | 'nat' | 'symmetric';
  /** Where it was tried, as host:port. */
  readonly at?: string;
  /** The browser's own words or number; for the report only. */
  readonly error?: string;
}

export interface Check {
  readonly id: CheckId;
  readonly state: CheckState;
  readonly detail: Detail;
}

/** What a check came to. */
export type Outcome = Omit<Check, 'id'>;

export const ok = (detail: Detail = {}): Outcome => ({ state: 'ok', detail });
export const failed = (reason: Reason, detail: Detail = {}): Outcome => ({
  state: 'failed',
  detail: { ...detail, reason },
});
export const skipped = (reason: Reason): Outcome => ({ state: 'skipped', detail: { reason } });
