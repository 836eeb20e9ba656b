import { LiveViewer } from 'tertulia-client/viewer';
import { messageOf } from './message.ts';
import { page } from './page.ts';
import { setUpPlayer } from './player.ts';
import { settings } from './settings.ts';
import './viewer.css';
import { wordsOf } from './words.ts';

const DELAY_EVERY = 2000;

const { language, theme, shortcuts } = settings();
const words = await wordsOf(language);
const room = decoded(/\/live\/([^/]+)\/?$/.exec(location.pathname)?.[1] ?? '');

document.documentElement.lang = language === 'zh' ? 'zh-CN' : language;
if (theme) document.documentElement.dataset.theme = theme;
document.title = words.title(room);
page.room.textContent = room;
page.badge.textContent = words.live;
page.delay.title = words.delayHint;
page.again.textContent = words.again;
page.again.addEventListener('click', () => location.reload());

// The invitation travels in the fragment, which no server ever logs.
const token = new URLSearchParams(location.hash.slice(1)).get('t');
const viewer = new LiveViewer(`live/${encodeURIComponent(room)}`, { token });
viewer.addEventListener('statechange', showState);
viewer.addEventListener('viewers', showViewers);
viewer.addEventListener('shownchange', showShown);
setUpPlayer(viewer, words, shortcuts);
// A video without its first picture holds up the page's own loading.
if (document.readyState !== 'complete') await new Promise((done) => addEventListener('load', done, { once: true }));
viewer.attach(page.video, { muted: false });
showState();
showViewers();
showShown();
setInterval(showDelay, DELAY_EVERY);

function showState(): void {
  const message = messageOf(viewer, words);
  document.body.dataset.state = viewer.state;
  page.badge.hidden = viewer.state !== 'live' && viewer.state !== 'buffering';
  page.message.textContent = message?.text ?? '';
  page.again.hidden = !message?.final;
  if (message?.final) {
    page.controls.hidden = true;
    page.start.hidden = true;
  }
  showDelay();
}

function showViewers(): void {
  page.viewers.hidden = viewer.viewers === 0;
  page.viewers.textContent = words.viewers(viewer.viewers);
}

function showShown(): void {
  const { shown } = viewer;
  document.body.dataset.source = shown?.source ?? '';
  page.shown.textContent = shown && (shown.source === 'screen' ? words.sharing(shown.name) : shown.name);
}

function showDelay(): void {
  const { latency } = viewer;
  page.delay.hidden = latency === null || viewer.state !== 'live';
  const style = {
    style: 'unit',
    unit: 'second',
    unitDisplay: 'short',
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  } as const;
  if (latency !== null) page.delay.textContent = words.delay(new Intl.NumberFormat(language, style).format(latency));
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
