import { defineConfig } from 'vitest/config';

export default defineConfig({
  build: {
    target: 'es2023',
    sourcemap: true,
    lib: { entry: 'src/index.ts', formats: ['es'], fileName: () => 'tertulia.js' },
    // The server hands out one file; a page that imports it needs nothing else.
    rolldownOptions: { output: { codeSplitting: false } },
  },
  test: { environment: 'node', include: ['src/**/*.test.ts', 'test/**/*.test.ts'] },
});
