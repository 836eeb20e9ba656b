import type { Encodings, VideoEncoding } from '../media/send-section.js';
import type { Source } from './room-events.js';

/** How a picture is sent to the server. To other people directly it always goes as one stream, as the browser sees fit. */
export interface EncodingOptions {
  /**
   * Sends up to three sizes, so that everybody gets the one that suits his tile and his network, and none that nobody watches. Default: a
   * camera yes, a screen no. How many and at which rates goes by the size that the track has when it is published.
   */
  simulcast?: boolean;
  /** In place of what is chosen by itself, as `sendEncodings` of `addTransceiver`: the lowest quality first, each with a `rid` where there are several. */
  videoEncodings?: VideoEncoding[];
}

const RIDS = ['q', 'h', 'f'];
/** Pixels from which on Chromium sends two encodings, and three: of more it leaves the highest out. */
const TWO_FROM = 480 * 270;
const THREE_FROM = 960 * 540;
/** Legible text is worth more than smooth motion. */
const SCREEN_FRAMES = 15;

/** What a track of this size (0: unknown) is sent as. None leaves it to the browser. */
export function encodingsOf(
  source: Source,
  size: { width: number; height: number },
  { simulcast = source === 'camera', videoEncodings }: EncodingOptions,
): Encodings {
  if (videoEncodings) return videoEncodings;
  const pixels = size.width * size.height || TWO_FROM;
  if (!simulcast || pixels < TWO_FROM) return source === 'screen' ? [{ maxFramerate: SCREEN_FRAMES }] : [];
  const rids = pixels < THREE_FROM ? RIDS.slice(1) : RIDS;
  return rids.map((rid, index) => {
    const scale = 2 ** (rids.length - 1 - index);
    return { rid, scaleResolutionDownBy: scale, maxBitrate: bitrateOf(pixels / scale ** 2) };
  });
}

/** 2.5 Mbit/s for 720p; smaller pictures need more for each pixel. */
const bitrateOf = (pixels: number): number => Math.round(2_500_000 * (pixels / (1280 * 720)) ** 0.9);
