import type { KeyboardEvent } from 'react';

/** Enter that ends the choice of a Chinese word is no end of the message; Safari tells it by the key code alone. */
export const sends = ({ key, shiftKey, keyCode, nativeEvent }: KeyboardEvent): boolean =>
  key === 'Enter' && !shiftKey && !nativeEvent.isComposing && keyCode !== 229;
