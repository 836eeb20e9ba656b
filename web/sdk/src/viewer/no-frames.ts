import type { encode as encodeFrame, unpack as unpackFrame } from '../wire/frames.js';

/** In place of `wire/frames.ts` in `viewer.js`: who only shows a stream writes no document with others. */
export const encode: typeof encodeFrame = (message) => JSON.stringify(message);
export const unpack: typeof unpackFrame = () => null;
