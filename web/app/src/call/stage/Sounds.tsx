import { memo } from 'react';
import type { ParticipantSnapshot } from 'tertulia-client';
import { Sound } from '../../parts/Sound.tsx';

/** Plays everybody else, and what they share, wherever their tiles are. */
export const Sounds = memo(function Sounds({ people }: { people: readonly ParticipantSnapshot[] }) {
  return people
    .filter(({ local }) => !local)
    .flatMap(({ id, publications }) =>
      publications
        .filter(({ kind }) => kind === 'audio')
        .map(({ source, stream }) => <Sound key={`${id}/${source}`} stream={stream} />),
    );
});
