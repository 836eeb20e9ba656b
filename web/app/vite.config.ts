import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
// One build a page: sharing the SDK between them would give the small page all of it, rather than the part that it uses.
const pageOf = (mode: string) => (mode === 'live' ? 'live' : 'index');
const server = process.env.TERTULIA_DEV_SERVER ?? 'http://127.0.0.1:3000';

/** What the server does to each page that it serves. */
const baseHref: Plugin = {
  name: 'base-href',
  apply: 'serve',
  transformIndexHtml: (html) => html.replace('<head>', '<head><base href="/">'),
};

/** Without it Vite's own goes into a page that loads nothing later but scripts: of these there is nothing to preload. */
const noPreload: Plugin = {
  name: 'no-preload',
  apply: 'build',
  enforce: 'pre',
  load: (id) => (id === '\0vite/preload-helper.js' ? 'export const __vitePreload = (load) => load();' : null),
};

const noChannels = readFileSync(here('../sdk/src/viewer/no-channels.ts'), 'utf8');

/**
 * Who only watches sends nothing, shares no screen and has neither chat nor messages of an app's own: without these nothing of the small page has
 * to be a file of its own.
 */
const leftOut = new Map([
  ['/room/display-share.ts', 'export const shareDisplay = async () => null;'],
  ['/media/send-section.ts', 'export const SendSection = Object;'],
  ['/room/data.ts', readFileSync(here('../sdk/src/viewer/no-topics.ts'), 'utf8')],
  ['/room/speakers.ts', readFileSync(here('../sdk/src/viewer/no-speakers.ts'), 'utf8')],
  ['/room/statistics.ts', readFileSync(here('../sdk/src/viewer/no-statistics.ts'), 'utf8')],
  ['/room/local-publication.ts', 'export const LocalPublication = Object;'],
  ['/media/socket-road.ts', readFileSync(here('../sdk/src/viewer/no-socket.ts'), 'utf8')],
  ['/room/documents.ts', readFileSync(here('../sdk/src/viewer/no-documents.ts'), 'utf8')],
  ['/wire/frames.ts', 'export const encode = JSON.stringify; export const unpack = () => null;'],
  ['/room/channels.ts', noChannels],
  ['/media/link-channels.ts', noChannels],
  ['/room/chat.ts', readFileSync(here('../sdk/src/viewer/no-chat.ts'), 'utf8')],
  ['/room/live.ts', readFileSync(here('../sdk/src/viewer/no-live.ts'), 'utf8')],
  ['/room/files.ts', readFileSync(here('../sdk/src/viewer/no-files.ts'), 'utf8')],
]);
const onlyWatching: Plugin = {
  name: 'only-watching',
  apply: 'build',
  enforce: 'pre',
  load: (id) => [...leftOut].find(([module]) => id.endsWith(module))?.[1] ?? null,
};

const FOREIGN_FONTS = /`https:\/\/esm\.sh\/\$\{.*?\/dist\/prod\/`/;
/** Where Excalidraw looks for its fonts: beside the page (web/scripts/install.js puts them there), never at somebody else's server. */
const ownFonts: Plugin = {
  name: 'own-fonts',
  apply: 'build',
  transform(code, id) {
    if (!id.includes('@excalidraw/excalidraw') || !code.includes('https://esm.sh/')) return null;
    if (!FOREIGN_FONTS.test(code)) throw new Error(`${id} names its fonts in another way than it did`);
    return { code: code.replace(FOREIGN_FONTS, "new URL('excalidraw/', document.baseURI).href"), map: null };
  },
};

export default defineConfig(({ mode }) => ({
  plugins: [react(), baseHref, ownFonts, ...(pageOf(mode) === 'live' ? [noPreload, onlyWatching] : [])],
  // The server writes <base href> into the page, so the same build works at / and below any mount prefix.
  base: './',
  // The SDK's source rather than its build: one step fewer, and one source map.
  resolve: {
    alias: {
      'tertulia-client/documents': here('../sdk/src/documents/index.ts'),
      'tertulia-client/viewer': here('../sdk/src/viewer/index.ts'),
      'tertulia-client': here('../sdk/src/index.ts'),
    },
  },
  build: {
    target: 'es2023',
    // These know light-dark(). Rewritten for older ones it loses the themes, which choose by a property and not by a fixed color-scheme.
    cssTarget: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    manifest: `.vite/${pageOf(mode)}.json`,
    // Every browser that runs this build preloads by itself; the small page loads nothing later that is worth the helper.
    modulePreload: pageOf(mode) === 'index' && { polyfill: false },
    emptyOutDir: pageOf(mode) === 'index',
    rolldownOptions: { input: here(`${pageOf(mode)}.html`) },
  },
  server: {
    proxy: {
      '/ws': { target: server, ws: true },
      '/api': server,
      '/files': server,
      '/whip': server,
      '/whep': server,
    },
  },
  test: { environment: 'node', testTimeout: 20_000, include: ['src/**/*.test.{ts,tsx}', 'test/**/*.test.{ts,tsx}'] },
}));
