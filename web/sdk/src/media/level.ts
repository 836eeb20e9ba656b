import type { Carried } from './link.js';
import { TrackMeter } from './track-meter.js';

/** How loud a track is at one moment. */
export interface Level {
  /** Linear, 0 to 1. */
  audioLevel: number;
  /** Grows with each measurement: the same again is old news. */
  mark: number;
}

/** Reads the levels of what sections send and receive. */
export class LevelReader {
  /** For one's own microphone, in Firefox, whose statistics do not tell. */
  #meter: TrackMeter | null = null;
  #marks = 0;

  /** Null where nothing is to be heard of it. */
  async read({ direction, section }: Carried): Promise<Level | null> {
    if (direction === 'send') {
      const stats = await find(section.sender, 'media-source');
      return stats && (levelIn(stats) ?? this.#measure(section.sender));
    }
    // What was received last comes first.
    const [source] = section.receiver.getSynchronizationSources?.() ?? [];
    if (typeof source?.audioLevel === 'number') return { audioLevel: source.audioLevel, mark: source.timestamp };
    const stats = await find(section.receiver, 'inbound-rtp');
    return stats && levelIn(stats);
  }

  close(): void {
    this.#meter?.close();
    this.#meter = null;
  }

  #measure({ track }: RTCRtpSender): Level | null {
    if (!track || !globalThis.AudioContext) return null;
    if (this.#meter?.track !== track) {
      this.close();
      this.#meter = new TrackMeter(track);
    }
    const audioLevel = this.#meter.read();
    return audioLevel === null ? null : { audioLevel, mark: ++this.#marks };
  }
}

interface AudioStats {
  type: string;
  timestamp: number;
  audioLevel?: number;
  packetsReceived?: number;
}

function levelIn({ audioLevel, packetsReceived, timestamp }: AudioStats): Level | null {
  return audioLevel === undefined ? null : { audioLevel, mark: packetsReceived ?? timestamp };
}

async function find(rtp: Pick<RTCRtpReceiver, 'getStats'>, type: string): Promise<AudioStats | null> {
  try {
    for (const stats of (await rtp.getStats()).values()) if (stats.type === type) return stats;
  } catch {
    // The connection is closing: nobody speaks.
  }
  return null;
}
