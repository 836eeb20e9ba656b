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
  resolve: { alias: { 'tertulia-client': here('../sdk/src/index.ts') } },
  build: {
    target: 'es2023',
    manifest: true,
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
