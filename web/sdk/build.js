// Three modules, each complete in one file: the server hands them out, and a page that imports one needs nothing else.
import { build } from 'vite';

const modules = { tertulia: 'src/index.ts', viewer: 'src/viewer/index.ts', element: 'src/element/index.ts' };

let emptyOutDir = true;
for (const [name, entry] of Object.entries(modules)) {
  await build({
    build: {
      emptyOutDir,
      lib: { entry, formats: ['es'], fileName: () => `${name}.js` },
      rolldownOptions: { output: { codeSplitting: false, minify: true } },
    },
  });
  emptyOutDir = false;
}
