// Copies what the builds made to where the server looks for it (and the wheel takes it from).
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const web = new URL('../', import.meta.url);
const target = new URL('../src/tertulia/static/', web);
// Excalidraw's, but for the face for Chinese, which is thirteen of their fourteen megabytes: the system's stands in for it.
const fonts = '../node_modules/@excalidraw/excalidraw/dist/prod/fonts/';
const faces = (await readdir(new URL(fonts, web))).filter((name) => name !== 'Xiaolai');
const copies = [
  ['app/dist/', 'app/'],
  ...['tertulia', 'viewer', 'element', 'socket-media'].flatMap((name) =>
    [`${name}.js`, `${name}.js.map`].map((file) => [`sdk/dist/${file}`, `sdk/${file}`]),
  ),
  ...faces.map((name) => [`${fonts}${name}`, `app/excalidraw/fonts/${name}`]),
  // With Yjs in it, for pages that have none.
  ...['documents.js', 'documents.js.map'].map((file) => [`sdk/dist/standalone/${file}`, `sdk/${file}`]),
  // What socket.io.js is asked for; `tertulia.socketio` serves them.
  ...['', '.min', '.esm.min', '.msgpack.min'].flatMap((kind) =>
    [`socket.io${kind}.js`, `socket.io${kind}.js.map`].map((file) => [
      `../node_modules/socket.io-client/dist/${file}`,
      `socketio/${file}`,
    ]),
  ),
  // Pages written for PeerJS; `doors/peerjs` serves it.
  ['../node_modules/peerjs/dist/peerjs.min.js', 'peerjs/peerjs.min.js'],
];

await rm(target, { recursive: true, force: true });
for (const [from, to] of copies) {
  const place = new URL(to, target);
  await mkdir(new URL('.', place), { recursive: true });
  await cp(new URL(from, web), place, { recursive: true });
}
// Made for web/scripts/budget.js; nobody asks the server for it.
await rm(new URL('app/.vite/', target), { recursive: true });
console.log(`installed into ${fileURLToPath(target)}`);
