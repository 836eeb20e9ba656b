import type { Outcome, Reason, Road } from './check.ts';
import { failed, ok } from './check.ts';
import { placeOf } from './servers.ts';
import type { Tools } from './tools.ts';
import { Late, within } from './within.ts';

const PATIENCE = 10_000;
/** The first one may still wait for the other end to settle on a pair. */
const ROUNDS = 3;
const BYTES = 1000;

/**
 * Sends bytes by this TURN server, and nothing else, from one connection of this page to another, and back. `ok` means that they came back
 * as they were.
 */
export async function throughRelay(
  road: Road,
  server: RTCIceServer,
  tools: Tools,
  signal: AbortSignal,
): Promise<Outcome> {
  const config: RTCConfiguration = { iceServers: [server], iceTransportPolicy: 'relay' };
  const at = placeOf(String(server.urls));
  const near = tools.createPeerConnection(config);
  const far = tools.createPeerConnection(config);
  const refusals: Refusal[] = [];
  try {
    for (const pc of [near, far]) {
      pc.onicecandidateerror = (event) => refusals.push(refusalOf(event));
    }
    const rtt = await within(PATIENCE, signal, Promise.race([echo(near, far, tools), noRelay(near)]));
    return ok({ road, relayed: true, rtt, at });
  } catch (error) {
    signal.throwIfAborted();
    const [refusal] = refusals;
    if (refusal) return failed(refusal.reason, { at, error: refusal.error });
    return failed(error instanceof Late ? 'timeout' : 'unreachable', { at });
  } finally {
    near.close();
    far.close();
  }
}

/** Resolves with the shortest round trip in milliseconds. */
async function echo(near: RTCPeerConnection, far: RTCPeerConnection, tools: Tools): Promise<number> {
  near.addEventListener('icecandidate', ({ candidate }) => candidate && void far.addIceCandidate(candidate));
  far.addEventListener('icecandidate', ({ candidate }) => candidate && void near.addIceCandidate(candidate));
  far.ondatachannel = ({ channel }) => {
    channel.onmessage = ({ data }) => channel.send(data);
  };
  const channel = near.createDataChannel('doctor');
  const opened = new Promise<void>((resolve) => {
    channel.onopen = () => resolve();
  });
  await near.setLocalDescription();
  await far.setRemoteDescription(near.localDescription as RTCSessionDescription);
  await far.setLocalDescription();
  await near.setRemoteDescription(far.localDescription as RTCSessionDescription);
  await opened;
  let shortest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round += 1) {
    const sent = Array.from({ length: BYTES }, () => String.fromCharCode(97 + Math.floor(Math.random() * 26))).join('');
    const begun = tools.now();
    const received = await new Promise<unknown>((resolve) => {
      channel.onmessage = ({ data }) => resolve(data);
      channel.send(sent);
    });
    if (received !== sent) throw new Error('other bytes came back');
    shortest = Math.min(shortest, tools.now() - begun);
  }
  return Math.round(shortest);
}

/** Rejects when the browser has found no relayed address: nothing would come of waiting. */
function noRelay(pc: RTCPeerConnection): Promise<never> {
  let found = false;
  return new Promise((_, reject) => {
    pc.addEventListener('icecandidate', ({ candidate }) => {
      found ||= / typ relay\b/.test(candidate?.candidate ?? '');
      if (!candidate && !found) reject(new Error('no relayed address'));
    });
  });
}

interface Refusal {
  reason: Reason;
  error: string;
}

/** RFC 8656, section 19; 701 is the browser's own: nobody answers. */
function refusalOf({ errorCode, errorText }: RTCPeerConnectionIceErrorEvent): Refusal {
  const error = `${errorCode} ${errorText}`.trim();
  if (errorCode === 401 || errorCode === 403 || errorCode === 441) return { reason: 'credentials', error };
  if (errorCode === 486 || errorCode === 508) return { reason: 'quota', error };
  return { reason: 'unreachable', error };
}
