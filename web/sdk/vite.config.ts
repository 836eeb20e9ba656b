import { defineConfig } from 'vitest/config';

export default defineConfig({
  build: { target: 'es2023', sourcemap: true },
  // The samples of the README import the package by its name; in the tests that means its source.
  ssr: { resolve: { conditions: ['tertulia-source'] } },
  test: { environment: 'node', testTimeout: 20_000, include: ['src/**/*.test.ts', 'test/**/*.test.ts'] },
});
