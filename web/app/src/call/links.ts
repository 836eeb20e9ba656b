import type { Room } from 'tertulia-client';
import { roomUrl } from '../place.ts';

export type Guest = 'speaker' | 'viewer';

/**
 * The link that lets others in, with an invitation where one is needed and one may give it. Never the address of this page: that may hold
 * one's own token. Rejects with RoomError.
 */
export async function linkFor(room: Room, guest: Guest): Promise<string> {
  const token = room.can('admit') ? await room.invite({ role: guest }) : null;
  if (guest === 'speaker') return roomUrl(room.name, token);
  const url = new URL(`live/${encodeURIComponent(room.name)}`, document.baseURI);
  if (token) url.hash = `t=${token}`;
  return url.href;
}

/** False where the browser forbids it, as on a page that is not secure. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
