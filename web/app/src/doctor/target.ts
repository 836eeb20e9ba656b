import type { Room } from 'tertulia-client';

/** Whom to reach, and as whom. */
export interface Target {
  /** Where the server is mounted, with a slash at the end. */
  base: string;
  /** Null: any room will do. */
  room: string | null;
  /** An invitation. */
  token: string | null;
  /** A call that goes on: its own connection is looked at, rather than a second one made. */
  call?: Room;
}

/** What is needed of a target to try it. */
export interface Errand {
  /** The room to ask for. */
  room: string;
  token: string | null;
  /** The invitation names its bearer, whom it would put out of a call that goes on elsewhere. */
  personal: boolean;
}

/**
 * The room that the invitation is for. Without one it is a room of nobody: on a server that is open any will do, and those in the real one
 * are not disturbed.
 */
export function errandOf({ room, token }: Pick<Target, 'room' | 'token'>): Errand {
  const nobody = `doctor-${Math.random().toString(36).slice(2, 12)}`;
  if (token === null) return { room: nobody, token, personal: false };
  const claims = claimsOf(token);
  const named = typeof claims.room === 'string' ? claims.room : null;
  const pattern = named?.includes('*') ? named.replaceAll('*', nobody) : named;
  return { room: room ?? pattern ?? nobody, token, personal: typeof claims.sub === 'string' };
}

/** What a JWT says; whether it is true is the server's to know. */
function claimsOf(token: string): { room?: unknown; sub?: unknown } {
  try {
    const part = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const text = new TextDecoder().decode(Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0)));
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
