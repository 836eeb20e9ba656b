import type { Room } from 'tertulia-client';
import { type Floor, giveFloor } from './floor.ts';

/** The one thing that a window too small for a stage shows. */
export interface Subject {
  name: string;
  /** Null while there is no picture. */
  stream: MediaStream | null;
  /** A screen, which is shown whole, never cut. */
  screen: boolean;
}

/** What somebody shares, else whoever has the floor; tells at once and after each change, until `signal` is aborted. */
export function followSubject(room: Room, signal: AbortSignal, tell: (subject: Subject) => void): void {
  let floor: Floor = { speaker: null, since: 0 };
  let last: Subject | null = null;
  const look = () => {
    const loudest = room.speakers.find(({ participant }) => room.participants.has(participant))?.participant ?? null;
    floor = giveFloor(floor, loudest, performance.now());
    const next = subjectOf(room, floor.speaker);
    if (last?.name === next.name && last.stream === next.stream) return;
    last = next;
    tell(next);
  };
  signal.addEventListener('abort', room.subscribe(look));
  look();
}

function subjectOf(room: Room, speaker: string | null): Subject {
  const others = [...room.participants.values()];
  for (const person of others) {
    const screen = person.publication('screen');
    if (screen && !screen.muted) return { name: person.name, stream: screen.stream, screen: true };
  }
  const seen = others.find((person) => person.publication('camera')?.muted === false);
  const person = others.find(({ id }) => id === speaker) ?? seen ?? others[0] ?? room.local;
  const camera = person.publication('camera');
  return { name: person.name, stream: camera && !camera.muted ? camera.stream : null, screen: false };
}
