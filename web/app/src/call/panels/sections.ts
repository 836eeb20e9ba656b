import type { ParticipantSnapshot } from 'tertulia-client';

export interface Sections {
  /** Raised hands, the first to be raised first. */
  hands: ParticipantSnapshot[];
  inCall: ParticipantSnapshot[];
  viewers: ParticipantSnapshot[];
}

/** Everybody in one section each, oneself first and then by name; with a `query`, only those whose names hold it. */
export function sectionsOf(people: readonly ParticipantSnapshot[], query: string, language: string): Sections {
  const wanted = query.trim().toLocaleLowerCase(language);
  const found = people.filter(({ name }) => name.toLocaleLowerCase(language).includes(wanted));
  const { compare } = new Intl.Collator(language, { numeric: true });
  found.sort((one, other) => Number(other.local) - Number(one.local) || compare(one.name, other.name));
  const rest = found.filter(({ hand }) => hand === 0);
  return {
    hands: found.filter(({ hand }) => hand > 0).sort((one, other) => one.hand - other.hand),
    inCall: rest.filter(({ role }) => role !== 'viewer'),
    viewers: rest.filter(({ role }) => role === 'viewer'),
  };
}
