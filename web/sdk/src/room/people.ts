import type { ServerMessage, Participant as WireParticipant } from '../wire/generated.js';
import type { RoomContext } from './context.js';
import { Participant } from './participant.js';
import type { Publication } from './publication.js';

type Of<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>;

/** What the people tell the room. */
export interface PeopleOutput {
  changed(): void;
  added(publication: Publication, participant: Participant): void;
  removed(publication: Publication, participant: Participant): void;
}

/** The others in the room. */
export class People {
  readonly all = new Map<string, Participant>();
  readonly #room: RoomContext;
  readonly #output: PeopleOutput;

  constructor(room: RoomContext, output: PeopleOutput) {
    this.#room = room;
    this.#output = output;
  }

  /** The whole list, at first or after joining anew: who is still there keeps the object. */
  handleSnapshot(list: WireParticipant[]): void {
    const here = new Set(list.map(({ id }) => id));
    for (const id of [...this.all.keys()]) if (!here.has(id)) this.handleLeft(id);
    for (const wire of list) this.handleJoined(wire);
  }

  handleJoined(wire: WireParticipant): void {
    const known = this.all.get(wire.id);
    const participant = known ?? new Participant(wire, this.#room);
    this.all.set(wire.id, participant);
    const { added, removed } = participant.handleRejoined(wire);
    this.#output.changed();
    for (const publication of removed) this.#output.removed(publication, participant);
    for (const publication of added) this.#announce(publication, participant);
  }

  handleLeft(id: string): void {
    const participant = this.all.get(id);
    if (!participant) return;
    for (const publication of [...participant.publications.values()]) this.#remove(participant, publication.id);
    this.all.delete(id);
    this.#output.changed();
  }

  handleUpdated(message: Of<'participant_updated'>): void {
    this.all.get(message.participant)?.handleUpdated(message);
    this.#output.changed();
  }

  handlePublicationAdded({ participant: id, publication: wire }: Of<'publication_added'>): void {
    const participant = this.all.get(id);
    if (participant) this.#announce(participant.handlePublicationAdded(wire), participant);
  }

  handlePublicationUpdated({ participant, publication }: Of<'publication_updated'>): void {
    this.all.get(participant)?.publications.get(publication.id)?.handleUpdated(publication);
  }

  handlePublicationRemoved({ participant: id, publication }: Of<'publication_removed'>): void {
    const participant = this.all.get(id);
    if (participant) this.#remove(participant, publication);
  }

  handleClosed(): void {
    this.handleSnapshot([]);
  }

  #announce(publication: Publication, participant: Participant): void {
    this.#output.added(publication, participant);
    publication.handleAdded();
  }

  #remove(participant: Participant, id: string): void {
    const publication = participant.handlePublicationRemoved(id);
    if (publication) this.#output.removed(publication, participant);
  }
}
