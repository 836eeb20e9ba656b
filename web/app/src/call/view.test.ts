import { expect, test } from 'vitest';
import { changeView, type View, type ViewAction } from './view.ts';

const start: View = { layout: 'auto', pin: null, panel: null, hideSelf: false };
const ana = { participant: 'ana', source: 'camera' } as const;
const after = (...actions: ViewAction[]) => actions.reduce(changeView, start);

test('a panel is opened, changed for another, and closed by the button that opened it', () => {
  expect(after({ type: 'panel', panel: 'chat' }).panel).toBe('chat');
  expect(after({ type: 'panel', panel: 'chat' }, { type: 'panel', panel: 'people' }).panel).toBe('people');
  expect(after({ type: 'panel', panel: 'chat' }, { type: 'panel', panel: 'chat' }).panel).toBeNull();
  expect(after({ type: 'panel', panel: 'chat' }, { type: 'show-panel', panel: 'chat' }).panel).toBe('chat');
  expect(after({ type: 'panel', panel: 'chat' }, { type: 'close-panel' }).panel).toBeNull();
});

test('a pin is of a person and a source, and pinning the same again lets go', () => {
  const screen = { participant: 'ana', source: 'screen' } as const;
  expect(after({ type: 'pin', pin: ana }).pin).toEqual(ana);
  expect(after({ type: 'pin', pin: ana }, { type: 'pin', pin: screen }).pin).toEqual(screen);
  expect(after({ type: 'pin', pin: ana }, { type: 'pin', pin: { ...ana } }).pin).toBeNull();
  expect(after({ type: 'pin', pin: ana }, { type: 'unpin' }).pin).toBeNull();
});

test('who chooses a layout wants to see it, so the pin goes', () => {
  expect(after({ type: 'pin', pin: ana }, { type: 'layout', layout: 'grid' })).toEqual({ ...start, layout: 'grid' });
});

test('what an action does not name stays as it is', () => {
  const view = after({ type: 'panel', panel: 'chat' }, { type: 'pin', pin: ana }, { type: 'hide-self', hidden: true });
  expect(view).toEqual({ layout: 'auto', pin: ana, panel: 'chat', hideSelf: true });
});
