// Writes docs/reference/sdk from the comments in the SDK's source; with --check it only tells whether that is current.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application } from 'typedoc';

const target = fileURLToPath(new URL('../../docs/reference/sdk/', import.meta.url));

async function generate(out) {
  const app = await Application.bootstrapWithPlugins({
    options: fileURLToPath(new URL('typedoc.json', import.meta.url)),
    outputs: [{ name: 'markdown', path: out }],
    logLevel: 'Warn',
  });
  const project = await app.convert();
  if (project) {
    app.validate(project);
    await app.generateOutputs(project);
  }
  if (!project || app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);
}

async function contents(folder) {
  const files = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const pages = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  const texts = await Promise.all(pages.map((page) => readFile(page, 'utf8')));
  return new Map(pages.map((page, index) => [page.slice(folder.length), texts[index]]));
}

if (process.argv.includes('--check')) {
  const folder = `${await mkdtemp(join(tmpdir(), 'tertulia-docs-'))}/`;
  await generate(folder);
  const [wanted, found] = [await contents(folder), await contents(target)];
  await rm(folder, { recursive: true });
  const old = [...new Set([...wanted.keys(), ...found.keys()])].filter((page) => wanted.get(page) !== found.get(page));
  for (const page of old) console.error(`docs/reference/sdk/${page} is not current: npm run docs`);
  if (old.length > 0) process.exit(1);
} else {
  await generate(target);
}
