/**
 * Puts `next` in the place of `old`, a track of the same kind, in streams that elements may be playing: they go on with it by themselves,
 * and neither a black picture nor a silence comes between. Null: there was none before, or there is none after.
 *
 * An element plays every sound of its stream. The next one comes and the old one goes in one task, so that it never plays both, or none.
 *
 * It shows one picture. When that one is removed, Chromium goes on with the first that is left. Firefox goes on with none, nor with one that
 * has been there: it waits for a track to be added, and the last picture stands until then. But a stream must not be left without a live
 * track in between: the element would end, and begin anew only where it has `autoplay`. So a copy of the old track, which nobody sees, keeps
 * the place while the one goes and the other comes. A copy of the next one would not do: where the old one has ended, Firefox shows no
 * track already and would take the copy; that of an ended track has ended too, and is never taken.
 *
 * Tried in Chromium and Firefox with a red and a blue source, sampled every few milliseconds: a `<video>` goes from the last picture of the
 * one to the first of the other, its readyState stays at HAVE_ENOUGH_DATA, and it does not pause, wait or load.
 */
export function exchangeTrack(
  streams: Iterable<MediaStream>,
  old: MediaStreamTrack | null,
  next: MediaStreamTrack | null,
): void {
  const standIn = old && next?.kind === 'video' ? old.clone() : null;
  for (const stream of streams) {
    if (standIn && old) {
      stream.addTrack(standIn);
      stream.removeTrack(old);
    }
    if (next) stream.addTrack(next);
    const left = standIn ?? old;
    if (left) stream.removeTrack(left);
  }
  standIn?.stop();
}
