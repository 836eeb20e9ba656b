// First, because it fixes the order of the cascade layers.
import './styles/tokens.css';

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import { type Hello, listenToParent, type Parent } from './embed.ts';
import { loadWords, pickLanguage } from './i18n/index.tsx';
import { here } from './place.ts';
import { override, prefs } from './prefs.ts';
import { applyTheme } from './theme.ts';

/** How long a frame waits for the page around it. It says hello when the frame has loaded, so a longer wait would be in vain. */
const HELLO_WITHIN = 1500;

const place = here();
const parent = place.page === 'room' && place.embed ? listenToParent(window) : null;

async function start(root: HTMLElement, side: Parent | null): Promise<void> {
  if (place.page === 'room') override(place.start);
  const hello = side ? await side.hello(HELLO_WITHIN) : null;
  if (hello) overrideBy(hello);
  const { language, theme } = prefs();
  applyTheme(theme);
  const speech = await loadWords(language ?? pickLanguage(navigator.languages));
  createRoot(root).render(
    <StrictMode>
      <App place={place} speech={speech} embedding={side && { parent: side, hello }} />
    </StrictMode>,
  );
}

function overrideBy({ name, language, theme }: Hello): void {
  override({ ...(name && { name }), ...(language && { language }), ...(theme && { theme }) });
}

const root = document.getElementById('app');
if (root) void start(root, parent);
