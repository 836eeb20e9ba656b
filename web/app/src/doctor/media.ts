import { type Room, RoomError } from 'tertulia-client';
import type { Outcome } from './check.ts';
import { failed, ok, skipped } from './check.ts';
import { pairOf } from './pair.ts';
import type { Errand } from './target.ts';
import type { Tools } from './tools.ts';
import { Late, pause, within } from './within.ts';

/** A connection is given up after ten seconds and made anew; so the second one has its chance, too. */
const PATIENCE = 15_000;
const EVERY = 100;

/** Whether media reaches the server, by the connection that every call has. `call`: by that of one that goes on. */
export async function reachMedia(
  base: string,
  errand: Errand,
  name: string,
  call: Room | null,
  tools: Tools,
  signal: AbortSignal,
): Promise<Outcome> {
  if (call) return connected(call, signal);
  if (errand.personal) return skipped('personal');
  const room = tools.createRoom(`${base}r/${encodeURIComponent(errand.room)}`, {
    token: errand.token,
    autoSubscribe: false,
    p2p: false,
  });
  const abort = new AbortController();
  let waiting = false;
  try {
    const onWaiting = () => {
      waiting = true;
      abort.abort();
    };
    await within(PATIENCE, signal, room.join({ name, role: 'viewer', signal: abort.signal, onWaiting }));
    return await connected(room, signal);
  } catch (error) {
    signal.throwIfAborted();
    return waiting ? skipped('waiting-room') : refusal(error, errand);
  } finally {
    abort.abort();
    await room.leave();
  }
}

async function connected(room: Room, signal: AbortSignal): Promise<Outcome> {
  let open = true;
  const look = async (): Promise<Outcome> => {
    while (open) {
      const { sfu } = room.roads();
      const pair = sfu?.connectionState === 'connected' ? pairOf(await sfu.getStats()) : null;
      if (pair) {
        const { road, relayed, rtt, at } = pair;
        return ok({ road, relayed, at, ...(rtt !== null && { rtt }) });
      }
      await pause(EVERY);
    }
    return failed('timeout');
  };
  try {
    return await within(PATIENCE, signal, look());
  } catch (error) {
    signal.throwIfAborted();
    return failed(error instanceof Late ? 'timeout' : 'error', error instanceof Late ? {} : { error: String(error) });
  } finally {
    open = false;
  }
}

const INVITATION = new Set(['token_required', 'token_invalid', 'token_expired', 'wrong_room', 'not_allowed']);

function refusal(error: unknown, { token }: Errand): Outcome {
  if (error instanceof Late) return failed('timeout');
  if (!(error instanceof RoomError)) return failed('error', { error: String(error) });
  if (INVITATION.has(error.code)) return skipped(token === null ? 'invitation' : 'refused');
  if (error.code === 'unreachable') return failed('unreachable');
  // Full, locked, too many from here: the server answers, and media was not tried.
  return { state: 'skipped', detail: { reason: 'error', error: error.code } };
}
