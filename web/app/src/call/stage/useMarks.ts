import { type RefObject, useEffect, useLayoutEffect, useRef } from 'react';
import type { ConnectionQuality, Room, RoomStatistics } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { qualities } from './quality.ts';

const EVERY = 2000;
/** -dBov of a loud voice, and the range of what is heard as speech below it. */
const LOUDEST = 20;
const RANGE = 40;

/**
 * Marks the tiles of those who speak (`data-speaking`, `--loudness` from 0 to 1) and of poor and lost connections (`data-quality`), without
 * a render: several times a second, and in a room of any size.
 */
export function useMarks(room: Room, stage: RefObject<HTMLElement | null>): void {
  const { stage: words } = useWords();
  const known = useRef<ReadonlyMap<string, ConnectionQuality>>(new Map());

  const mark = useRef<() => void>(() => undefined);
  useLayoutEffect(() => {
    mark.current = () => {
      const loudness = new Map(room.speakers.map(({ participant, level }) => [participant, loudnessOf(level)]));
      for (const tile of stage.current?.querySelectorAll<HTMLElement>('[data-participant]') ?? []) {
        const participant = tile.dataset.participant ?? '';
        const loud = loudness.get(participant);
        tile.toggleAttribute('data-speaking', loud !== undefined);
        tile.style.setProperty('--loudness', String(loud ?? 0));
        const dot = tile.querySelector<HTMLElement>('[data-quality]');
        const quality = known.current.get(participant);
        if (!dot) continue;
        const bad = quality === 'poor' || quality === 'lost' ? quality : null;
        dot.hidden = !bad;
        dot.dataset.quality = bad ?? '';
        if (bad && dot.title !== words.quality[bad]) {
          dot.title = words.quality[bad];
          dot.setAttribute('aria-label', words.quality[bad]);
        }
      }
    };
    // Tiles that were mounted just now have no marks yet.
    mark.current();
  });

  useEffect(() => {
    const stop = new AbortController();
    const again = () => mark.current();
    let measured: RoomStatistics | null = null;
    const rate = () => {
      known.current = qualities(room, measured);
      again();
    };
    rate();
    room.addEventListener('speakerschange', again, { signal: stop.signal });
    room.addEventListener('connectionqualitychange', rate, { signal: stop.signal });
    void follow(room.statistics({ every: EVERY, signal: stop.signal }), (statistics) => {
      measured = statistics;
      rate();
    });
    return () => stop.abort();
  }, [room]);
}

async function follow(values: AsyncIterable<RoomStatistics>, listener: (value: RoomStatistics) => void): Promise<void> {
  for await (const value of values) listener(value);
}

const loudnessOf = (level: number) => Math.min(Math.max((LOUDEST + RANGE - level) / RANGE, 0), 1);
