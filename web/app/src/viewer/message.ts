import type { LiveViewer } from 'tertulia-client/viewer';
import type { Words } from './words.ts';

export interface Message {
  text: string;
  /** Nothing goes on by itself. */
  final: boolean;
}

/** What is said over the picture; null while the stream runs. */
export function messageOf({ state, error }: Pick<LiveViewer, 'state' | 'error'>, words: Words): Message | null {
  const final = state === 'ended' || state === 'error';
  if (state === 'connecting' && error) return { text: words.unreachable, final };
  const text = (state === 'error' && error && words.errors[error.code]) || words.state[state];
  return text ? { text, final } : null;
}
