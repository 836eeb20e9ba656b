// What a first visit downloads, gzipped, held against a budget. An entry counts with everything that it imports statically and its
// styles; chunks that are loaded later (whiteboard, other languages) don't count.
import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const web = new URL('../', import.meta.url);
const appDist = new URL('app/dist/', web);
const budgets = {
  'index.html': 180,
  'live.html': 24,
  'tertulia.js': 32.5,
  'viewer.js': 20.5,
  'element.js': 5,
  'standalone/documents.js': 35,
};

const gzipped = (file) => gzipSync(readFileSync(file), { level: 9 }).length / 1000;

function filesOf(manifest, name, seen = new Set()) {
  const chunk = manifest[name];
  if (seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const style of chunk.css ?? []) seen.add(style);
  for (const imported of chunk.imports ?? []) filesOf(manifest, imported, seen);
  return seen;
}

const manifests = ['index', 'live'].map((page) =>
  JSON.parse(readFileSync(new URL(`.vite/${page}.json`, appDist), 'utf8')),
);
const modules = ['tertulia.js', 'viewer.js', 'element.js', 'standalone/documents.js'];
const sizes = new Map(modules.map((name) => [name, gzipped(new URL(`sdk/dist/${name}`, web))]));
for (const manifest of manifests) {
  const [name] = Object.entries(manifest).find(([, chunk]) => chunk.isEntry);
  const files = [...filesOf(manifest, name)].map((file) => new URL(file, appDist)).filter((file) => existsSync(file));
  sizes.set(
    name,
    files.reduce((sum, file) => sum + gzipped(file), 0),
  );
}

let over = false;
for (const [name, size] of sizes) {
  const budget = budgets[name];
  if (budget === undefined) {
    console.error(`${name}: ${size.toFixed(1)} kB gzipped, but web/scripts/budget.js has no budget for it`);
    over = true;
    continue;
  }
  const mark = size > budget ? 'OVER' : 'ok';
  over ||= size > budget;
  console.log(`${name.padEnd(12)} ${size.toFixed(1).padStart(6)} of ${budget} kB gzipped  ${mark}`);
}
if (over) process.exit(1);
