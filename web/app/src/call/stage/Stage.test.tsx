// @vitest-environment happy-dom
import { act, Profiler, useReducer } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import type { ParticipantSnapshot } from 'tertulia-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeRoom, publicationOf } from '../../../test/fakes/room.ts';
import { Parts } from '../../parts/Parts.tsx';
import type { OwnDevices } from '../media/own.ts';
import { changeView, type View } from '../view.ts';
import { Stage } from './Stage.tsx';

/** How often each person's tile was rendered: a tile renders its avatar each time. */
const renders = vi.hoisted(() => new Map<string, number>());
vi.mock('../../parts/Avatar.tsx', () => ({
  Avatar: ({ name }: { name: string }) => {
    renders.set(name, (renders.get(name) ?? 0) + 1);
    return null;
  },
}));

const BOX = { width: 1280, height: 640 };
const devices = { camera: { state: 'on' } } as OwnDevices;
const VIEW: View = { layout: 'auto', pin: null, panel: null, hideSelf: false };

let fake: FakeRoom;
let root: Root;
let commits: number;
let dispatch: (action: Parameters<typeof changeView>[1]) => void;

function Harness() {
  const [view, change] = useReducer(changeView, VIEW);
  dispatch = change;
  return (
    <Parts>
      <Profiler id="stage" onRender={() => (commits += 1)}>
        <Stage room={fake.room} devices={devices} view={view} dispatch={change} />
      </Profiler>
    </Parts>
  );
}

const person = (id: string, part: Partial<ParticipantSnapshot> = {}) => ({
  id,
  publications: [publicationOf(`${id}-c`, 'camera'), publicationOf(`${id}-m`, 'microphone')],
  ...part,
});

const voice = (participant: string, level: number) => ({ participant, publication: `${participant}-m`, level });

beforeEach(async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(BOX.width);
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(BOX.height);
  fake = new FakeRoom();
  fake.put({ ...person('self'), name: 'Self' });
  for (const id of ['ana', 'ben', 'cleo']) fake.put(person(id));
  const place = document.createElement('div');
  document.body.append(place);
  root = createRoot(place);
  commits = 0;
  await act(async () => root.render(<Harness />));
  renders.clear();
  commits = 0;
});

afterEach(async () => {
  await act(async () => root.unmount());
  document.body.replaceChildren();
  vi.restoreAllMocks();
});

const tile = (key: string) => document.querySelector<HTMLElement>(`[data-tile="${key}"]`) as HTMLElement;
const change = (make: () => void) => act(async () => make());

test('levels and statistics mark the tiles and render nothing', async () => {
  await act(async () => {
    for (let step = 0; step < 100; step += 1) {
      fake.speak(voice(step % 2 ? 'ana' : 'ben', 20 + (step % 40)));
      fake.measure({ level: 1 });
      await Promise.resolve();
    }
  });
  expect(renders.size).toBe(0);
  expect(commits).toBe(0);
  expect(tile('ana/camera').hasAttribute('data-speaking')).toBe(true);
  expect(tile('ben/camera').hasAttribute('data-speaking')).toBe(false);
  expect(tile('self/camera').querySelector<HTMLElement>('[data-quality]')?.hidden).toBe(false);
  expect(tile('ana/camera').querySelector<HTMLElement>('[data-quality]')?.hidden).toBe(true);
});

test('a connection that the server calls poor or lost is marked in words, and no other is', async () => {
  const badge = (id: string) => tile(`${id}/camera`).querySelector('[data-quality]') as HTMLElement;
  const marked = () => ['self', 'ana', 'ben', 'cleo'].filter((id) => !badge(id).hidden);
  await change(() => {
    fake.rate('ana', 'poor');
    fake.rate('ben', 'lost');
    fake.rate('cleo', 'good');
  });
  expect(marked()).toEqual(['ana', 'ben']);
  expect([badge('ana'), badge('ben')].map((one) => one.getAttribute('aria-label'))).toEqual([
    'Poor connection',
    'No connection',
  ]);
  await change(() => fake.measure({ level: 1 }));
  expect(marked()).toEqual(['self', 'ana', 'ben']);
  await change(() => fake.rate('self', 'excellent'));
  expect(marked()).toEqual(['ana', 'ben']);
  await change(() => fake.rate('ana', 'good'));
  expect(marked()).toEqual(['ben']);
});

test('reactions render nothing', async () => {
  await change(() => {
    for (let step = 0; step < 100; step += 1) fake.react('ana', '👏');
  });
  expect(commits).toBe(0);
  expect(document.body.textContent).toContain('👏');
});

test('who changes has a tile that renders; the other tiles do not', async () => {
  await change(() =>
    fake.put(
      person('ana', {
        publications: [publicationOf('ana-c', 'camera'), publicationOf('ana-m', 'microphone', { muted: true })],
      }),
    ),
  );
  expect([...renders]).toEqual([['ana', 1]]);
  expect(tile('ana/camera').getAttribute('aria-label')).toBe('ana, microphone off');
});

test('a newcomer is marked as speaking at once', async () => {
  await change(() => fake.speak(voice('dan', 30)));
  await change(() => fake.put(person('dan')));
  expect(tile('dan/camera').hasAttribute('data-speaking')).toBe(true);
});

test('no change of layout mounts a video anew', async () => {
  const before = [...document.querySelectorAll('video')];
  expect(before).toHaveLength(4);
  const same = () => expect([...document.querySelectorAll('li[data-participant] video')]).toEqual(before);
  await change(() => dispatch({ type: 'layout', layout: 'speaker' }));
  same();
  await change(() => fake.light('ben'));
  same();
  await change(() => dispatch({ type: 'pin', pin: { participant: 'cleo', source: 'camera' } }));
  same();
  expect(tile('cleo/camera').dataset.part).toBe('large');
  await change(() =>
    fake.put(person('ana', { publications: [...person('ana').publications, publicationOf('ana-s', 'screen')] })),
  );
  await change(() => dispatch({ type: 'layout', layout: 'auto' }));
  await change(() => fake.light(null));
  expect(tile('ana/screen').dataset.part).toBe('large');
  expect([...document.querySelectorAll('li[data-participant] video')]).toHaveLength(4);
  same();
});

test('the keyboard walks from tile to tile and pins', async () => {
  const first = tile('self/camera');
  expect(document.querySelectorAll('li[tabindex="0"]')).toHaveLength(1);
  await change(() => first.focus());
  await change(() => first.dispatchEvent(new KeyboardEvent('keydown', { key: 'End', bubbles: true })));
  expect(document.activeElement).toBe(tile('cleo/camera'));
  expect(tile('cleo/camera').tabIndex).toBe(0);
  await change(() => tile('cleo/camera').dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true })));
  expect(tile('cleo/camera').dataset.part).toBe('large');
  expect(tile('cleo/camera').getAttribute('aria-label')).toBe('cleo, pinned');
});

test('hands are numbered on the tiles', async () => {
  await change(() => {
    fake.put(person('ben', { hand: 9 }));
    fake.put(person('ana', { hand: 4 }));
  });
  expect(tile('ana/camera').getAttribute('aria-label')).toBe('ana, hand raised, 1st');
  expect(tile('ben/camera').getAttribute('aria-label')).toBe('ben, hand raised, 2nd');
});

test('in a big room who speaks comes to the first page, and nobody else there moves', async () => {
  await change(() => {
    for (let number = 0; number < 40; number += 1) fake.put(person(`p${number}`));
  });
  const firstPage = () =>
    [...document.querySelectorAll<HTMLElement>('[data-participant]:not([hidden])')].map(
      (one) => one.dataset.participant,
    );
  const before = firstPage();
  expect(before).not.toContain('p39');
  await change(() => fake.speak(voice('p39', 20)));
  const after = firstPage();
  expect(after).toContain('p39');
  expect(after).toContain('self');
  expect(after.filter((id, index) => before[index] !== id)).toHaveLength(1);
});

test('a video without a tile is said to be unseen', async () => {
  const told = vi.fn(async () => undefined);
  await change(() => {
    for (let number = 0; number < 40; number += 1) fake.put(person(`p${number}`));
    for (const id of ['p1', 'p39'])
      Object.assign(fake.participants.get(id)?.publication('camera') ?? {}, { prefer: told });
  });
  expect(tile('p1/camera')).not.toBeNull();
  expect(tile('p39/camera')).toBeNull();
  expect(told.mock.calls).toEqual([[{ visible: false }]]);
});

test('a pinned video comes before others as long as it is pinned', async () => {
  const told = vi.fn(async () => undefined);
  Object.assign(fake.participants.get('cleo')?.publication('camera') ?? {}, { prefer: told });
  const pin = { participant: 'cleo', source: 'camera' } as const;
  await change(() => dispatch({ type: 'pin', pin }));
  await change(() => dispatch({ type: 'pin', pin }));
  expect(told.mock.calls).toEqual([[{ pinned: true }], [{ pinned: false }]]);
});

test('reactions are announced once in a while, the rest by their number', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const said = () => document.querySelector('[aria-live="polite"]')?.textContent;
  await change(() => {
    for (let step = 0; step < 5; step += 1) fake.react('ana', '👏');
  });
  await change(() => vi.advanceTimersByTime(3000));
  expect(said()).toContain('ana: 👏');
  await change(() => vi.advanceTimersByTime(3100));
  expect(said()).toContain('4 more reactions');
  vi.useRealTimers();
});
