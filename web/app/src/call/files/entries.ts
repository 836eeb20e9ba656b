import type { Message, SharedFile } from 'tertulia-client';

/** What stands in the chat. */
export type Entry = Message | SharedFile;

export const isFile = (entry: Entry): entry is SharedFile => 'sha256' in entry;

/** Messages and files, both in order by their numbers, as one. */
export function interleave(messages: readonly Message[], files: readonly SharedFile[]): readonly Entry[] {
  if (files.length === 0) return messages;
  const all: Entry[] = [];
  let next = 0;
  for (const message of messages) {
    for (let file = files[next]; file && file.number < message.number; file = files[++next]) all.push(file);
    all.push(message);
  }
  return [...all, ...files.slice(next)];
}
