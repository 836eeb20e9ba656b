const MODULE = /^(.*)\/sdk\/[^/]+\.js$/;

/** What the address of the frame is made of. */
export interface FramePlace {
  room: string;
  /** Where the server is mounted; null: where this module came from, or else this page's own server. */
  server: string | null;
  microphone: boolean;
  camera: boolean;
}

/** The page of a room as it looks in a frame. Throws TypeError for a `server` that is no address. */
export function frameAddress({ room, server, microphone, camera }: FramePlace, module: string, page: string): URL {
  const url = new URL(`r/${encodeURIComponent(room)}`, mount(server, module, page));
  const query = ['embed', ...(microphone ? [] : ['mic=0']), ...(camera ? [] : ['cam=0'])];
  url.search = query.join('&');
  return url;
}

function mount(server: string | null, module: string, page: string): URL {
  if (server !== null) return new URL(server.endsWith('/') ? server : `${server}/`, page);
  const path = URL.canParse(module) ? MODULE.exec(new URL(module).pathname)?.[1] : undefined;
  return path === undefined ? new URL('/', page) : new URL(`${path}/`, module);
}
