import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Room } from '../../src/index.js';
import { address, payloadOf, split } from '../../src/media/channel-message.js';
import { MIC, SFU, WITH_BOB } from '../fakes/room.js';
import { BOB } from '../fakes/server.js';
import { fake } from '../fakes/webrtc.js';
import { FakePage } from './page.js';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The fenced samples, by the heading above them; a second one below the same heading has a number. */
function samplesOf(markdown: string): Map<string, string> {
  const samples = new Map<string, string>();
  for (const section of markdown.split(/^## /m).slice(1)) {
    const [heading = ''] = section.split('\n');
    const blocks = [...section.matchAll(/^```ts\n(.*?)^```$/gms)];
    for (const [index, [, code = '']] of blocks.entries()) {
      samples.set(index ? `${heading} ${index + 1}` : heading, code);
    }
  }
  return samples;
}

describe('the samples of the README', () => {
  const samples = samplesOf(readFileSync(here('../../README.md'), 'utf8'));
  let folder: string;
  let page: FakePage;

  beforeAll(() => {
    // In the package, so that its own name means the same as in an app; with a dot, so that no tool takes it for source.
    folder = mkdtempSync(here('.samples-'));
    for (const [name, code] of samples) {
      mkdirSync(join(folder, 'src'), { recursive: true });
      writeFileSync(fileOf(name), `${code}\nexport {};\n`);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeEach(() => {
    page = new FakePage();
  });
  afterEach(() => {
    page.stop.abort();
    vi.unstubAllGlobals();
  });

  const fileOf = (name: string) => join(folder, 'src', `${name.toLowerCase().replace(/\W+/g, '-')}.ts`);
  const run = (name: string): Promise<unknown> => import(fileOf(name));
  /** In the room with Bob, as the samples expect it that begin there. */
  const joinWithBob = async (): Promise<Room> => {
    const room = new Room('/r/demo', {});
    const joining = room.join({ name: 'Ann' });
    await page.server.letIn({ ...WITH_BOB, topology: SFU });
    await joining;
    vi.stubGlobal('room', room);
    return room;
  };
  const say = (text: string) => {
    const message = { id: text, sender: 'bob', name: 'Bob', text, to: null, time: 1 };
    page.server.say({ type: 'chat', message });
  };

  it('are all run here', () => {
    expect([...samples.keys()]).toEqual([
      'A call of two',
      'A document',
      'Without WebRTC',
      'A meeting',
      'A meeting 2',
      "The app's own messages",
      "The app's own messages 2",
      'Devices',
      'Watching',
    ]);
  });

  it('have the right types', () => {
    const files = [here('page.d.ts'), ...[...samples.keys()].map(fileOf)];
    const options = { allowImportingTsExtensions: true, noUnusedLocals: false };
    const config = { extends: here('../../../../tsconfig.base.json'), compilerOptions: options, files };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
    try {
      execFileSync(process.execPath, [compiler, '--noEmit', '-p', folder], { encoding: 'utf8' });
    } catch (error) {
      expect((error as { stdout: string }).stdout).toBe('');
      throw error;
    }
  }, 60_000);

  it('A call of two', async () => {
    const { server } = page;
    const running = run('A call of two');
    await vi.waitFor(() => expect(server.sockets).toHaveLength(1));
    await server.letIn({ ...WITH_BOB, topology: SFU });
    expect(server.last('join')).toMatchObject({ room: 'demo', name: 'Ann', token: 'jwt' });
    await vi.waitFor(() =>
      expect(server.sent('publish').map(({ source }) => source)).toEqual(['microphone', 'camera']),
    );
    server.say({ type: 'bind', mid: '1', publication: MIC.id });
    await vi.waitFor(() => expect(page.element('theirs').srcObject).toBeInstanceOf(MediaStream));
    expect((page.element('mine').srcObject as MediaStream).getTracks()).toHaveLength(2);
    expect(page.element('banner').hidden).toBe(true);

    await page.element('muteButton').click();
    expect(server.last('mute')).toMatchObject({ publication: 'own1', muted: true });
    await page.element('cameraPicker').choose('c2');
    const [microphone, before, after] = page.opened;
    expect([microphone?.enabled, before?.kind, after?.kind]).toEqual([false, 'video', 'video']);

    await page.element('hangUp').click();
    await running;
    expect(server.sent('leave')).toHaveLength(1);
    expect([microphone?.readyState, before?.readyState]).toEqual(['ended', 'ended']);
  });

  it('A document', async () => {
    const { server } = page;
    const running = run('A document');
    await vi.waitFor(() => expect(server.sockets).toHaveLength(1));
    await server.letIn({ rights: ['data'] });
    await vi.waitFor(() => server.last('document_open'));
    // Step 2 of the sync protocol: an update in which there is nothing.
    server.say({ type: 'document_sync', document: 'notes', bytes: Uint8Array.of(1, 2, 0, 0) });
    await running;
    expect(page.called('show')).toHaveBeenCalledWith('Hello');
    await vi.waitFor(() => expect(server.last('document_sync').document).toBe('notes'));
  });

  it('Without WebRTC', async () => {
    const { server } = page;
    for (const part of ['VideoDecoder', 'VideoEncoder', 'AudioDecoder']) vi.stubGlobal(part, class {});
    const running = run('Without WebRTC');
    await vi.waitFor(() => expect(server.sockets).toHaveLength(1));
    await server.letIn();
    await running;
    expect(server.last('join')).toMatchObject({ p2p: false });
    await vi.waitFor(() => expect(server.last('media_open').codecs).toEqual(['vp8', 'opus']));
    await vi.waitFor(() => expect(page.element('banner').hidden).toBe(false));
    expect(server.sent('offer')).toEqual([]);
  });

  it('A meeting', async () => {
    const { server } = page;
    const running = run('A meeting');
    await vi.waitFor(() => expect(server.sockets).toHaveLength(1));
    await vi.waitFor(() => server.socket.accept());
    await vi.waitFor(() => server.last('join'));
    server.say({ type: 'waiting' });
    expect(page.called('show')).toHaveBeenCalledWith('Somebody will let you in.');
    server.joined(1, { ...WITH_BOB, topology: SFU });
    await running;
    expect(page.called('render').mock.lastCall?.[0]).toMatchObject({
      state: 'connected',
      participants: [{ id: 'bob' }],
    });
    expect([...page.tiles.keys()]).toEqual(['Bob/camera', 'Bob/microphone']);
    expect(page.tiles.get('Bob/camera')?.srcObject).toBeInstanceOf(MediaStream);
    expect(server.sent('subscribe')).toHaveLength(2);
    server.say({ type: 'speakers', speakers: [{ participant: 'bob', publication: MIC.id, level: 30 }] });
    expect(page.called('ring')).toHaveBeenCalledWith(['bob']);

    await page.element('handButton').click();
    await page.element('clapButton').click();
    expect([server.last('hand').raised, server.last('react').reaction]).toEqual([true, '👏']);
    expect(page.element('muteAllButton').hidden).toBe(false);
    await page.element('muteAllButton').click();
    expect(server.last('mute')).toMatchObject({ publication: MIC.id, muted: true });
    await page.element('shareButton').click();
    expect(server.last('publish').source).toBe('screen');
    await page.element('stopButton').click();
    expect(page.opened.map(({ readyState }) => readyState)).toEqual(['ended']);
    expect(server.sent('unpublish')).toHaveLength(1);
    page.stop.abort();
    await vi.waitFor(() => expect(server.sent('unsubscribe')).toHaveLength(2));
    await vi.waitFor(() => expect(page.called('report')).toHaveBeenCalledWith(page.stop.signal.reason));
    server.say({ type: 'bye', code: 'room_ended', message: '', retryable: false });
  });

  it('A meeting 2', async () => {
    const room = await joinWithBob();
    fake(room.roads().sfu).become('connected');
    say('before');
    const running = run('A meeting 2');
    await vi.waitFor(() => expect(page.called('addLine')).toHaveBeenCalledWith('Bob: before'));
    expect(page.server.last('chat').text).toBe('Hello');
    say('after');
    await vi.waitFor(() => expect(page.called('addLine')).toHaveBeenCalledWith('Bob: after'));
    await vi.waitFor(() => expect(page.called('showBars')).toHaveBeenCalledWith(4, null), 2000);
    await room.leave();
    await running;
  });

  it("The app's own messages", async () => {
    const room = await joinWithBob();
    const running = run("The app's own messages");
    await vi.waitFor(() => {
      page.server.say({ type: 'data', from: 'bob', topic: 'pointer', data: { x: 1, y: 2 }, encoding: 'json' });
      expect(page.called('draw')).toHaveBeenCalledWith('bob', { x: 1, y: 2 });
    });
    page.element('board').dispatchEvent(Object.assign(new Event('pointermove'), { offsetX: 3, offsetY: 4 }));
    await vi.waitFor(() => expect(page.server.last('data')).toMatchObject({ topic: 'pointer', data: { x: 3, y: 4 } }));
    expect(page.server.last('data').latest).toBe(true);
    page.stop.abort();
    await running;
    expect(page.called('report')).not.toHaveBeenCalled();
    await room.leave();
  });

  it("The app's own messages 2", async () => {
    const room = await joinWithBob();
    page.server.say({ type: 'rights_changed', role: 'speaker', rights: ['data'] });
    const running = run("The app's own messages 2");
    const sfu = fake(room.roads().sfu);
    sfu.become('connected');
    await vi.waitFor(() => expect(sfu.channels).toContain('lossy'));
    const channel = sfu.channel('lossy');
    channel.open();
    await vi.waitFor(() => {
      for (const part of split('paddle', 1, payloadOf(7))) channel.deliver(address(['bob'], part));
      expect(page.called('show')).toHaveBeenCalledWith('bob is at 7');
    });
    page.element('board').dispatchEvent(Object.assign(new Event('pointermove'), { offsetY: 4 }));
    await vi.waitFor(() => expect(channel.sent).toHaveLength(1));
    page.stop.abort();
    await running;
    expect(page.called('report')).not.toHaveBeenCalled();
    await room.leave();
  });

  it('Devices', async () => {
    page.refused = { video: 'NotReadableError' };
    await run('Devices');
    expect(page.called('help').mock.calls).toEqual([['camera', 'in-use']]);
    expect(page.called('list')).toHaveBeenCalledExactlyOnceWith(['Microphone']);
    page.mediaDevices.dispatchEvent(new Event('devicechange'));
    await vi.waitFor(() => expect(page.called('list')).toHaveBeenCalledTimes(2));
    expect(page.element('speakerPicker').hidden).toBe(false);
    const chosen = vi.spyOn(page.element('theirs'), 'setSinkId');
    await page.element('speakerPicker').choose('kitchen');
    expect(chosen).toHaveBeenCalledWith('kitchen');
  });

  it('Watching', async () => {
    const { server } = page;
    const running = run('Watching');
    await vi.waitFor(() => expect(server.sockets).toHaveLength(1));
    await server.letIn({ participants: [{ ...BOB, publications: [] }], topology: SFU });
    await running;
    expect(server.last('join')).toMatchObject({ room: 'talk', role: 'viewer' });
    expect(page.called('show')).toHaveBeenCalledWith('waiting');
    server.say({ type: 'bye', code: 'room_ended', message: '', retryable: false });
    await vi.waitFor(() => expect(page.called('show')).toHaveBeenCalledWith('ended'));
  });
});
