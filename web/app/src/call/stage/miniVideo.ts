import type { Room } from 'tertulia-client';
import { cardOf } from './card.ts';
import { followSubject } from './subject.ts';

export const canOpenVideo = (): boolean => document.pictureInPictureEnabled === true;

/** Where there is no window of one's own: who speaks as a video above all windows. Closed by `signal`, or by the person: then `onClose`. */
export async function openVideo(room: Room, signal: AbortSignal, onClose: () => void): Promise<void> {
  const video = Object.assign(document.createElement('video'), { muted: true, autoplay: true, playsInline: true });
  followSubject(room, signal, ({ name, stream }) => {
    video.srcObject = stream ?? cardOf(name);
    void video.play().catch(() => undefined);
  });
  if (video.readyState === HTMLMediaElement.HAVE_NOTHING)
    await new Promise((resolve) => video.addEventListener('loadedmetadata', resolve, { once: true, signal }));
  signal.throwIfAborted();
  signal.addEventListener('abort', () => {
    if (document.pictureInPictureElement === video) void document.exitPictureInPicture().catch(() => undefined);
    video.srcObject = null;
  });
  await video.requestPictureInPicture();
  video.addEventListener('leavepictureinpicture', onClose, { signal });
}
