import type { Room } from 'tertulia-client';
import { cardOf } from './card.ts';
import styles from './miniWindow.module.css';
import { followSubject } from './subject.ts';

interface DocumentPictureInPicture {
  requestWindow(options: { width: number; height: number }): Promise<Window>;
}

/** Chromium and Firefox have it, TypeScript does not know it yet. */
const pictureInPicture = () =>
  (globalThis as { documentPictureInPicture?: DocumentPictureInPicture }).documentPictureInPicture;

export const canOpenWindow = (): boolean => pictureInPicture() !== undefined;

/** Opens a window above all others with who speaks and one's own microphone. Closed by `signal`, or by the person: then `onClose`. */
export async function openWindow(room: Room, muted: string, signal: AbortSignal, onClose: () => void): Promise<void> {
  const opened = await pictureInPicture()?.requestWindow({ width: 384, height: 216 });
  if (!opened) return;
  signal.addEventListener('abort', () => opened.close());
  if (signal.aborted) return opened.close();
  opened.addEventListener('pagehide', onClose, { signal });
  const page = opened.document;
  page.title = document.title;
  page.documentElement.lang = document.documentElement.lang;
  for (const sheet of document.styleSheets) page.adoptedStyleSheets.push(copyOf(sheet, opened));

  const video = Object.assign(page.createElement('video'), { muted: true, autoplay: true, playsInline: true });
  const name = Object.assign(page.createElement('bdi'), { className: styles.name ?? '' });
  const microphone = Object.assign(page.createElement('span'), { className: styles.muted ?? '', textContent: muted });
  const body = Object.assign(page.createElement('main'), { className: styles.window ?? '' });
  body.append(video, name, microphone);
  page.body.append(body);

  const showMicrophone = () => {
    microphone.hidden = room.local.publication('microphone')?.muted === false;
  };
  signal.addEventListener('abort', room.subscribe(showMicrophone));
  showMicrophone();
  followSubject(room, signal, (subject) => {
    name.textContent = subject.name;
    video.className = (subject.screen ? styles.whole : styles.video) ?? '';
    video.srcObject = subject.stream ?? cardOf(subject.name);
    void video.play().catch(() => undefined);
  });
}

/** A window takes no style sheet of another one. */
function copyOf(sheet: CSSStyleSheet, target: Window): CSSStyleSheet {
  const copy = new (target as Window & typeof globalThis).CSSStyleSheet();
  copy.replaceSync([...sheet.cssRules].map(({ cssText }) => cssText).join('\n'));
  return copy;
}
