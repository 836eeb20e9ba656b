import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const server = process.env.TERTULIA_DEV_SERVER ?? 'http://127.0.0.1:3000';

export default defineConfig({
  plugins: [react()],
  // The server writes <base href> into the page, so the same build works at / and below any mount prefix.
  base: './',
  // The SDK's source rather than its build: one step fewer, and one source map.
  resolve: {
    alias: {
      'tertulia-client/viewer': here('../sdk/src/viewer/index.ts'),
      'tertulia-client': here('../sdk/src/index.ts'),
    },
  },
  build: {
    target: 'es2023',
    // The first with light-dark(). Written out for older ones it would not follow the dark stage inside a light page.
    cssTarget: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    // These know light-dark(). Rewritten for older ones it loses the themes, which choose by a property and not by a fixed color-scheme.
    cssTarget: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    manifest: true,
    // Every browser that runs this build preloads by itself.
    modulePreload: { polyfill: false },
    // Every page beside this file is an entry of its own.
    rolldownOptions: {
      input: readdirSync(here('.'))
        .filter((name) => name.endsWith('.html'))
        .map((name) => here(name)),
    },
  },
  server: {
    proxy: {
      '/ws': { target: server, ws: true },
      '/api': server,
      '/whip': server,
      '/whep': server,
    },
  },
  test: { environment: 'node', include: ['src/**/*.test.{ts,tsx}', 'test/**/*.test.{ts,tsx}'] },
});
