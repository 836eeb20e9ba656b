import type { Encodings, VideoEncoding } from '../media/send-section.js';
import type { Source } from './room-events.js';

/** How a picture is sent to the server. To other people directly it always goes as one stream, as the browser sees fit. */
export interface EncodingOptions {
  /**
   * Sends up to three sizes, so that everybody gets the one that suits his tile and his network, and none that nobody watches. Default: a
   * camera yes, a screen no. How many and at which rates goes by the size that the track has when it is published.
   */
  simulcast?: boolean;
  /**
   * The layers in each stream, by their W3C name. Of temporal ones (`L1T3`, the default) a viewer loses some where his network is narrow, before
   * he loses the picture; `L1T1` has none. Several spatial ones (`L3T3_KEY`) take the place of simulcast and need `codec: 'vp9'` or `'av1'`.
   * With `_KEY` those who see the larger picture are not sent the smaller ones as well.
   * A browser that does not know of layers, or not of these, sends without.
   */
  scalabilityMode?: string;
  /** Sends in this codec if the server and the browser have it. Left out: one with which several sizes can be sent. */
  codec?: VideoCodec;
  /** In place of what is chosen by itself, as `sendEncodings` of `addTransceiver`: the lowest quality first, each with a `rid` where there are several. */
  videoEncodings?: VideoEncoding[];
}

export type VideoCodec = 'vp8' | 'h264' | 'vp9' | 'av1';

const RIDS = ['q', 'h', 'f'];
/** Pixels from which on Chromium sends two encodings, and three: of more it leaves the highest out. */
const TWO_FROM = 480 * 270;
const THREE_FROM = 960 * 540;
/** Legible text is worth more than smooth motion. */
const SCREEN_FRAMES = 15;
/**
 * With three temporal layers a viewer can be given a half or a quarter of the pictures. It is what Chromium does with VP8 where there are several
 * sizes, told or not, and costs a few percent of the bits where it would not.
 */
const LAYERS = 'L1T3';

/** What a track of this size (0: unknown) is sent as. */
export function encodingsOf(
  source: Source,
  size: { width: number; height: number },
  { simulcast = source === 'camera', scalabilityMode = LAYERS, codec, videoEncodings }: EncodingOptions,
): Encodings {
  if (videoEncodings) return videoEncodings;
  const common: VideoEncoding = {
    scalabilityMode,
    ...(codec && { codec: { mimeType: `video/${codec.toUpperCase()}` } }),
  };
  const pixels = size.width * size.height || TWO_FROM;
  if (!simulcast || pixels < TWO_FROM || hasSizes(scalabilityMode))
    return [{ ...common, ...(source === 'screen' && { maxFramerate: SCREEN_FRAMES }) }];
  const rids = pixels < THREE_FROM ? RIDS.slice(1) : RIDS;
  return rids.map((rid, index) => {
    const scale = 2 ** (rids.length - 1 - index);
    return { ...common, rid, scaleResolutionDownBy: scale, maxBitrate: bitrateOf(pixels / scale ** 2) };
  });
}

/** Several spatial layers in one stream. */
const hasSizes = (scalabilityMode: string): boolean => !scalabilityMode.startsWith('L1');

/** 2.5 Mbit/s for 720p; smaller pictures need more for each pixel. */
const bitrateOf = (pixels: number): number => Math.round(2_500_000 * (pixels / (1280 * 720)) ** 0.9);
