import { type DeviceKind, Devices, RoomError } from 'tertulia-client';
import type { Outcome, Reason } from './check.ts';
import { ok } from './check.ts';
import type { Tools } from './tools.ts';

/** Never `failed`: one can always watch and listen. */
const problem = (reason: Reason): Outcome => ({ state: 'warning', detail: { reason } });

const REASONS: ReadonlySet<string> = new Set<Reason>(['denied', 'no-device', 'in-use', 'insecure', 'unsupported']);
const reasonOf = (code: string): Reason => (REASONS.has(code) ? (code as Reason) : 'error');

/** What is known of a camera or microphone without asking the person. `skipped` with no reason: it was not asked yet. */
export async function askDevice(device: DeviceKind, tools: Tools): Promise<Outcome> {
  const state = await tools.deviceState(device);
  if (state === 'granted') return ok();
  return state === 'prompt' ? { state: 'skipped', detail: {} } : problem(reasonOf(state));
}

/** Opens it, as the person wished, and lets go of it at once. */
export async function tryDevice(
  device: DeviceKind,
  open: Pick<typeof Devices, DeviceKind> = Devices,
): Promise<Outcome> {
  try {
    (await open[device]()).stop();
    return ok();
  } catch (error) {
    return problem(error instanceof RoomError ? reasonOf(error.code) : 'error');
  }
}
