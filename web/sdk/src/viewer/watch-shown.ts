import type { Clock } from '../common/clock.js';
import type { Seen } from '../room/sight.js';
import { watchSight } from '../room/sight.js';

/**
 * Tells how large a video is shown, and whether at all, until `signal` is aborted. One in a picture-in-picture window is seen though its
 * page is hidden or scrolled away.
 */
export function watchShown(
  video: HTMLVideoElement,
  clock: Clock,
  signal: AbortSignal,
  tell: (seen: Seen) => void,
): void {
  let last: Seen | null = null;
  const update = () => {
    if (!last) return;
    const floating = document.pictureInPictureElement === video;
    tell({ ...last, visible: floating || (last.visible && document.visibilityState === 'visible') });
  };
  watchSight(video, clock, signal, (seen) => {
    last = seen;
    update();
  });
  document.addEventListener('visibilitychange', update, { signal });
  video.addEventListener('enterpictureinpicture', update, { signal });
  video.addEventListener('leavepictureinpicture', update, { signal });
}
