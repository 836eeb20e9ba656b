/** Who has the floor: the loudest, but nobody takes it from another sooner than `HOLD` after that one got it. Silence changes nothing. */
export interface Floor {
  speaker: string | null;
  /** In milliseconds, of any clock. */
  since: number;
}

export const HOLD = 2000;

/** `loudest`: the person, or null while nobody speaks. Returns the same object when nothing changes. */
export function giveFloor(floor: Floor, loudest: string | null, now: number): Floor {
  if (loudest === null || loudest === floor.speaker) return floor;
  if (floor.speaker !== null && now - floor.since < HOLD) return floor;
  return { speaker: loudest, since: now };
}
