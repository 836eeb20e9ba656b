import type { SharedDocument } from 'tertulia-client';
import { Y } from 'tertulia-client/documents';

/** The field of an awareness state in which y-codemirror.next and others have it too: two relative positions as JSON. */
const FIELD = 'cursor';
/** A place belongs to the letter before it: what somebody else puts in exactly there comes after. */
const BEFORE = -1;

/** Where somebody else writes. Places are UTF-16 code units from the start of the text; the same two: nothing is selected. */
export interface Caret {
  client: number;
  name: string;
  /** Where the selection began. */
  anchor: number;
  /** Where the caret is. */
  head: number;
}

/** Carets of all others who are in this text. States come from other people's pages: what is none is left out. */
export function caretsIn({ awareness, doc }: SharedDocument, text: Y.Text): Caret[] {
  const carets: Caret[] = [];
  for (const [client, { user, [FIELD]: cursor }] of awareness.getStates()) {
    if (client === awareness.clientID) continue;
    const anchor = placeOf(cursor?.anchor, text, doc);
    const head = placeOf(cursor?.head, text, doc);
    if (anchor !== null && head !== null) carets.push({ client, name: String(user?.name ?? ''), anchor, head });
  }
  return carets;
}

function placeOf(json: unknown, text: Y.Text, doc: Y.Doc): number | null {
  if (typeof json !== 'object' || json === null) return null;
  try {
    const place = Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(json), doc);
    return place?.type === text ? place.index : null;
  } catch {
    return null;
  }
}

/** Shows the others where one writes. */
export class OwnCaret {
  readonly #document: SharedDocument;
  readonly #text: Y.Text;
  #shown: readonly [Y.RelativePosition, Y.RelativePosition] | null = null;

  constructor(document: SharedDocument, text: Y.Text) {
    this.#document = document;
    this.#text = text;
  }

  show(anchor: number, head: number): void {
    const places = [this.#relative(anchor), this.#relative(head)] as const;
    // The text around it has changed, and not its place in it: all see that already.
    if (this.#shown && places.every((place, index) => Y.compareRelativePositions(place, this.#shown?.[index] ?? null)))
      return;
    this.#shown = places;
    const [from, to] = places.map((place) => Y.relativePositionToJSON(place));
    this.#document.awareness.setLocalStateField(FIELD, { anchor: from, head: to });
  }

  hide(): void {
    if (!this.#shown) return;
    this.#shown = null;
    this.#document.awareness.setLocalStateField(FIELD, null);
  }

  #relative(place: number): Y.RelativePosition {
    return Y.createRelativePositionFromTypeIndex(this.#text, place, BEFORE);
  }
}
