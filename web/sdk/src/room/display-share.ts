import { Devices } from '../devices/devices.js';
import type { CallOptions } from './context.js';
import type { LocalParticipant } from './local-participant.js';
import type { LocalPublication } from './local-publication.js';

export interface DisplayOptions extends CallOptions {
  /** Asks for the sound of what is shared, too; not every browser gives it. */
  audio?: boolean;
}

/** A shared screen, window or tab. */
export interface DisplayShare {
  readonly video: LocalPublication;
  /** Null where the browser gave no sound. */
  readonly audio: LocalPublication | null;
  /** Ends the share and releases the screen. */
  stop(options?: CallOptions): Promise<void>;
}

/** What `LocalParticipant.publishDisplay` does. */
export async function shareDisplay(local: LocalParticipant, options: DisplayOptions): Promise<DisplayShare | null> {
  const { audio = false, signal = null } = options;
  const stream = await Devices.display({ audio, signal });
  if (!stream) return null;
  const [picture] = stream.getVideoTracks();
  const [sound] = stream.getAudioTracks();
  const release = () => stream.getTracks().forEach((track) => void track.stop());
  if (!picture) {
    release();
    return null;
  }
  let video: LocalPublication | null = null;
  try {
    video = await local.publish(picture, { source: 'screen', signal });
    const withSound = sound ? await local.publish(sound, { source: 'screen_audio', signal }) : null;
    return shareOf(video, withSound, release, signal);
  } catch (error) {
    const stopped = picture.readyState === 'ended' && !signal?.aborted;
    release();
    await video?.unpublish();
    if (stopped) return null; // by the browser's own button, while it was being published
    throw error;
  }
}

/** Ends as a whole, whatever ends it: `stop`, the browser, a moderator, the signal, the end of the room. */
function shareOf(
  video: LocalPublication,
  audio: LocalPublication | null,
  release: () => void,
  signal: AbortSignal | null,
): DisplayShare {
  const stop = async (options: CallOptions = {}) => {
    release();
    await Promise.all([video.unpublish(options), audio?.unpublish(options)]);
  };
  const end = () => void stop().catch(() => undefined);
  signal?.addEventListener('abort', end, { once: true });
  video.onRemoved(() => {
    signal?.removeEventListener('abort', end);
    end();
  });
  return { video, audio, stop };
}
