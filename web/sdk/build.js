// Modules, each complete in one file: the server hands them out, and a page that imports one needs nothing else. What `room.document()` loads
// is a module of its own, and so is media by the socket; the one in the package leaves Yjs to whoever installs it, for a page may have only one.
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const source = fileURLToPath(new URL('src/', import.meta.url));
const own = (file) => fileURLToPath(new URL(`src/viewer/${file}`, import.meta.url));
const documents = { entry: 'src/documents/index.ts', fileName: 'documents' };
const modules = [
  { entry: 'src/index.ts', fileName: 'tertulia' },
  {
    entry: 'src/viewer/index.ts',
    fileName: 'viewer',
    alias: [
      { find: './statistics.js', replacement: own('no-statistics.ts') },
      { find: './chat.js', replacement: own('no-chat.ts') },
      { find: './live.js', replacement: own('no-live.ts') },
      { find: './documents.js', replacement: own('no-documents.ts') },
      { find: './files.js', replacement: own('no-files.ts') },
      { find: './channels.js', replacement: own('no-channels.ts') },
      { find: './link-channels.js', replacement: own('no-channels.ts') },
      { find: './data.js', replacement: own('no-topics.ts') },
      { find: './speakers.js', replacement: own('no-speakers.ts') },
      { find: './local-publication.js', replacement: own('no-sending.ts') },
      { find: './send-section.js', replacement: own('no-sending.ts') },
      { find: './socket-road.js', replacement: own('no-socket.ts') },
      { find: './display-share.js', replacement: own('no-sending.ts') },
      { find: /.*\/frames\.js$/, replacement: own('no-frames.ts') },
    ],
  },
  { entry: 'src/element/index.ts', fileName: 'element' },
  { entry: 'src/socket-media/index.ts', fileName: 'socket-media' },
  { ...documents, external: /^(yjs|y-protocols\/|lib0\/)/ },
  { ...documents, outDir: 'dist/standalone' },
];

const APART = /^\.\.\/(documents|socket-media)\/index\.js$/;
/** Beside the module that asks for it, rather than inside. */
const apart = {
  name: 'apart',
  enforce: 'pre',
  resolveId: (id) => {
    const [, name] = APART.exec(id) ?? [];
    return name ? { id: `./${name}.js`, external: true } : null;
  },
};

const LATER = /(?<!typeof )\bimport\('(\.[^']+)'\)/g;
/**
 * What the sources load when it is needed comes with the one file in any case: it is simply there. As a part of the file that is loaded later,
 * each module that it shares with others would be wrapped, to be run at its first use.
 */
const atOnce = {
  name: 'at-once',
  enforce: 'pre',
  transform(code, id) {
    if (!id.startsWith(source)) return null;
    const imports = [];
    const changed = code.replace(LATER, (whole, module) => {
      if (APART.test(module)) return whole;
      imports.push(`import * as later${imports.length} from '${module}';`);
      return `Promise.resolve(later${imports.length - 1})`;
    });
    // In the first line, so that all others stay where the source map has them.
    return imports.length > 0 ? { code: `${imports.join(' ')} ${changed}`, map: null } : null;
  },
};

let emptyOutDir = true;
for (const { entry, fileName, alias = [], external = [], outDir = 'dist' } of modules) {
  await build({
    plugins: [apart, atOnce],
    resolve: { alias },
    build: {
      emptyOutDir,
      outDir,
      lib: { entry, formats: ['es'], fileName: () => `${fileName}.js` },
      rolldownOptions: { external, output: { codeSplitting: false, minify: true } },
    },
  });
  emptyOutDir = false;
}
