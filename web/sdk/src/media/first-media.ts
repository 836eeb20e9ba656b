import type { Clock } from '../common/clock.js';

/** Polls begin close together, since a swap waits for them, and get rarer where nothing comes. Milliseconds. */
const FIRST_POLL = 40;
const LAST_POLL = 400;
/** How long a section that carried somebody else may still show frames of that one, where no key frame marks the change. */
const TURNOVER = 500;

interface Flow {
  units: number;
  keyFrames: number;
}

/**
 * Calls `found` when the first media of a track has been decoded (video: a frame) or received (audio: a packet); returns how to stop.
 *
 * By getStats and not by a hidden `<video>` with requestVideoFrameCallback: Chromium decodes what nobody shows yet (tried: with a source in
 * each of three rooms, sections that no element showed were found live, and the exchange had no black picture), it works in a page that is
 * not visible, where no frame callbacks come, it needs no DOM, and it can tell the first frame of a new publication in a section that
 * showed another one before.
 */
export function watchFirstMedia(
  receiver: Pick<RTCRtpReceiver, 'getStats'>,
  kind: string,
  reused: boolean,
  clock: Clock,
  found: () => void,
): () => void {
  let stopped = false;
  let handle: unknown;
  let wait = FIRST_POLL;
  let before: Flow | null = reused ? null : { units: 0, keyFrames: 0 };
  const since = clock.now();
  const poll = async () => {
    const flow = await readFlow(receiver, kind);
    if (stopped) return;
    if (!before) before = flow;
    else if (flow.units > before.units) {
      const sure = !reused || kind === 'audio' || flow.keyFrames > before.keyFrames || clock.now() - since > TURNOVER;
      if (sure) {
        stopped = true;
        return found();
      }
    }
    handle = clock.setTimeout(poll, wait);
    wait = Math.min(LAST_POLL, wait * 1.2);
  };
  void poll();
  return () => {
    stopped = true;
    clock.clearTimeout(handle);
  };
}

async function readFlow(receiver: Pick<RTCRtpReceiver, 'getStats'>, kind: string): Promise<Flow> {
  const flow = { units: 0, keyFrames: 0 };
  try {
    for (const stats of (await receiver.getStats()).values()) {
      if (stats.type !== 'inbound-rtp') continue;
      flow.units += (kind === 'video' ? stats.framesDecoded : stats.packetsReceived) ?? 0;
      flow.keyFrames += stats.keyFramesDecoded ?? 0;
    }
  } catch {
    // The connection is closing: nothing flows.
  }
  return flow;
}
