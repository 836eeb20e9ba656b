import type {
  ConnectionQuality,
  ParticipantSnapshot,
  Preference,
  PublicationSnapshot,
  Room,
  RoomInfo,
  RoomSnapshot,
  RoomStatistics,
  Source,
  Speaker,
} from 'tertulia-client';

type Listener = (value: RoomStatistics) => void;

/** A room without server or media, for what only looks at it: snapshots, speakers, statistics and reactions are put in by hand. */
export class FakeRoom extends EventTarget {
  readonly name = 'fake';
  readonly state = 'connected';
  readonly participants = new Map<string, FakePerson>();
  local = this.#person({ id: 'self', name: 'Self', local: true });
  speakers: readonly Speaker[] = [];
  info: Partial<RoomInfo> = { spotlight: null };
  #listeners = new Set<() => void>();
  #measuring = new Set<Listener>();
  #version = 0;
  #snapshot: RoomSnapshot | null = null;

  bySocket = false;

  /** As the code under test knows it. */
  get room(): Room {
    return this as unknown as Room;
  }

  get snapshot(): RoomSnapshot {
    this.#snapshot ??= {
      version: this.#version,
      state: this.state,
      reason: null,
      info: this.info as RoomInfo,
      rights: [],
      local: this.local.snapshot,
      participants: [...this.participants.values()].map(({ snapshot }) => snapshot),
      speakers: this.speakers,
      knocking: [],
      topology: { mode: 'sfu', phase: 'commit' },
      bySocket: this.bySocket,
      messages: [],
      typists: [],
      privateTypists: [],
      readMarks: new Map(),
      files: [],
    };
    return this.#snapshot;
  }

  readonly subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Somebody comes, or is changed. */
  put(person: Partial<ParticipantSnapshot> & { id: string }): void {
    if (person.id === this.local.snapshot.id) this.local = this.#person({ ...this.local.snapshot, ...person });
    else this.participants.set(person.id, this.#person({ ...this.participants.get(person.id)?.snapshot, ...person }));
    this.#changed();
  }

  /** The server says how good somebody's connection is. */
  rate(id: string, connectionQuality: ConnectionQuality | null): void {
    this.put({ id, connectionQuality });
    const participant = id === this.local.id ? this.local : this.participants.get(id);
    this.dispatchEvent(Object.assign(new Event('connectionqualitychange'), { participant }));
  }

  light(spotlight: string | null): void {
    this.info = { ...this.info, spotlight };
    this.#changed();
  }

  speak(...speakers: Speaker[]): void {
    this.speakers = speakers;
    this.#changed();
    this.dispatchEvent(Object.assign(new Event('speakerschange'), { speakers }));
  }

  react(participant: string, reaction: string): void {
    this.dispatchEvent(Object.assign(new Event('reaction'), { participant, reaction }));
  }

  /** How many read the statistics. */
  get readers(): number {
    return this.#measuring.size;
  }

  measure(part: Partial<RoomStatistics>): void {
    for (const listener of this.#measuring) listener({ ...CALM, at: performance.now(), ...part });
  }

  async *statistics({ signal }: { signal: AbortSignal }): AsyncGenerator<RoomStatistics> {
    const queue: RoomStatistics[] = [];
    let wake = () => undefined as unknown;
    const listener: Listener = (value) => {
      queue.push(value);
      wake();
    };
    this.#measuring.add(listener);
    signal.addEventListener('abort', () => {
      this.#measuring.delete(listener);
      wake();
    });
    while (!signal.aborted) {
      const value = queue.shift();
      if (value) yield value;
      else await new Promise((resolve) => (wake = () => resolve(undefined)));
    }
  }

  debug(): object {
    return { state: this.state };
  }

  #person(part: Partial<ParticipantSnapshot> & { id: string }): FakePerson {
    return new FakePerson(part, (options) => this.statistics(options));
  }

  #changed(): void {
    this.#version += 1;
    this.#snapshot = null;
    for (const listener of [...this.#listeners]) listener();
  }
}

const CALM: RoomStatistics = {
  at: 0,
  road: 'sfu',
  level: 4,
  rtt: 40,
  loss: 0,
  sendLoss: 0,
  sendKbps: 900,
  receiveKbps: 1500,
  availableSendKbps: 3000,
  limit: 'none',
  publications: new Map(),
};

class FakePerson {
  readonly snapshot: ParticipantSnapshot;

  readonly quality: FakeRoom['statistics'];

  constructor(part: Partial<ParticipantSnapshot> & { id: string }, quality: FakeRoom['statistics']) {
    this.quality = quality;
    const blank = { name: part.id, role: 'speaker', connected: true, metadata: '', hand: 0, local: false } as const;
    this.snapshot = { ...blank, connectionQuality: null, connectionScore: null, publications: [], ...part };
  }

  get id(): string {
    return this.snapshot.id;
  }

  get name(): string {
    return this.snapshot.name;
  }

  get connectionQuality(): ConnectionQuality | null {
    return this.snapshot.connectionQuality;
  }

  get publications(): ReadonlyMap<string, FakePublication> {
    return new Map(this.snapshot.publications.map((publication) => [publication.id, fakePublication(publication)]));
  }

  publication(source: Source): FakePublication | null {
    const found = this.snapshot.publications.find((publication) => publication.source === source);
    return found ? fakePublication(found) : null;
  }
}

interface FakePublication extends PublicationSnapshot {
  follow(): void;
  prefer(preference: Preference): Promise<void>;
  unpublish(): Promise<void>;
}

const published = new WeakMap<PublicationSnapshot, FakePublication>();

/** The same object for the same snapshot, as the SDK keeps its own. */
function fakePublication(snapshot: PublicationSnapshot): FakePublication {
  const known = published.get(snapshot);
  if (known) return known;
  const made = {
    ...snapshot,
    follow: () => undefined,
    prefer: async () => undefined,
    unpublish: async () => undefined,
  };
  published.set(snapshot, made);
  return made;
}

/** What somebody sends; `stream` is what a video shows. */
export function publicationOf(
  id: string,
  source: Source,
  part: Partial<PublicationSnapshot> = {},
): PublicationSnapshot {
  const kind = source === 'camera' || source === 'screen' ? 'video' : 'audio';
  return { id, source, kind, muted: false, width: 1280, height: 720, track: null, stream: null as never, ...part };
}
