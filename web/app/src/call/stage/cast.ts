import type { ParticipantSnapshot, PublicationSnapshot } from 'tertulia-client';
import type { View } from '../view.ts';

/** Somebody, or what somebody shares, with a tile of its own. */
export interface Member {
  /** The same for as long as the tile lives; see `keyOf`. */
  key: string;
  person: ParticipantSnapshot;
  source: 'camera' | 'screen';
  /** Null while the camera was never on; it may also be muted. */
  picture: PublicationSnapshot | null;
}

export const keyOf = (participant: string, source: Member['source']): string => `${participant}/${source}`;

/** Who has a tile: shared screens first, then oneself, then the others in the order in which they came. Who only watches has none. */
export function castOf(people: readonly ParticipantSnapshot[], hideSelf: boolean): Member[] {
  const screens: Member[] = [];
  const faces: Member[] = [];
  for (const person of [...people].sort((one, other) => Number(other.local) - Number(one.local))) {
    const screen = publicationOf(person, 'screen');
    if (screen) screens.push({ key: keyOf(person.id, 'screen'), person, source: 'screen', picture: screen });
    if (person.role === 'viewer' && person.publications.length === 0) continue;
    if (person.local && hideSelf) continue;
    faces.push({ key: keyOf(person.id, 'camera'), person, source: 'camera', picture: publicationOf(person, 'camera') });
  }
  return [...screens, ...faces];
}

export const publicationOf = (person: ParticipantSnapshot, source: string): PublicationSnapshot | null =>
  person.publications.find((publication) => publication.source === source) ?? null;

export interface Attention {
  view: Pick<View, 'layout' | 'pin'>;
  /** The person whom a moderator shows large to everybody. */
  spotlight: string | null;
  /** Keys of shared screens, the newest last. */
  shares: readonly string[];
  /** The person who speaks, or spoke last. */
  speaker: string | null;
}

/** Key of what is shown large; null for a grid. What this person has pinned comes before what others want them to see. */
export function largeOf(cast: readonly Member[], { view, spotlight, shares, speaker }: Attention): string | null {
  const member = (key: string | null) => cast.find((one) => one.key === key)?.key ?? null;
  const pinned = view.pin && member(keyOf(view.pin.participant, view.pin.source));
  if (pinned) return pinned;
  if (view.layout === 'grid') return null;
  const lit = spotlight && (member(keyOf(spotlight, 'screen')) ?? member(keyOf(spotlight, 'camera')));
  if (lit) return lit;
  if (view.layout === 'auto') return member(shares.at(-1) ?? null);
  const speaking = speaker === null ? null : member(keyOf(speaker, 'camera'));
  return speaking ?? cast.find(({ person, source }) => !person.local && source === 'camera')?.key ?? null;
}

/** Index of one's own tile where it floats: with one other person there, who then has the whole stage. */
export function floatingOf(cast: readonly Member[], view: Pick<View, 'layout'>, large: string | null): number | null {
  if (view.layout !== 'auto' || large !== null || cast.length !== 2) return null;
  if (cast.some(({ source }) => source === 'screen')) return null;
  const own = cast.findIndex(({ person }) => person.local);
  return own === -1 ? null : own;
}

/** The place of each raised hand, from 1, by participant. The server's numbers have gaps where a hand went down. */
export function handQueue(people: readonly ParticipantSnapshot[]): ReadonlyMap<string, number> {
  const raised = people.filter(({ hand }) => hand > 0).sort((one, other) => one.hand - other.hand);
  return new Map(raised.map(({ id }, index) => [id, index + 1]));
}
