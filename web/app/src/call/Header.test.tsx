// @vitest-environment happy-dom
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeRoom } from '../../test/fakes/room.ts';
import { Parts } from '../parts/Parts.tsx';
import { Header } from './Header.tsx';

let fake: FakeRoom;
let root: Root;

beforeEach(async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  fake = new FakeRoom();
  const place = document.createElement('div');
  document.body.append(place);
  root = createRoot(place);
  await act(async () =>
    root.render(
      <Parts>
        <Header room={fake.room} onPeople={() => undefined} onStatistics={() => undefined} />
      </Parts>,
    ),
  );
});

afterEach(async () => {
  await act(async () => root.unmount());
  document.body.replaceChildren();
});

const change = (make: () => void) => act(async () => make());
const said = () => document.querySelector('button[aria-label^="Connection"]')?.getAttribute('aria-label');

test('the sign of the connection says what the server says, and what the page measures only while that is nothing', async () => {
  expect(said()).toBe('Connection: excellent');
  await change(() => fake.measure({ level: 1 }));
  expect(said()).toBe('Connection: poor');
  await change(() => fake.rate('self', 'good'));
  expect(said()).toBe('Connection: good');
  expect(fake.readers).toBe(0);
  await change(() => fake.rate('self', null));
  await change(() => fake.measure({ level: 4 }));
  expect(said()).toBe('Connection: excellent');
});
