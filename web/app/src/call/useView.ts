import { type Dispatch, useEffect, useReducer } from 'react';
import { prefs, remember, usePrefs } from '../prefs.ts';
import { changeView, type View, type ViewAction } from './view.ts';

/** What this person looks at. Layout and own view are as they were last time, and follow the settings. */
export function useView(): [View, Dispatch<ViewAction>] {
  const [view, dispatch] = useReducer(changeView, null, (): View => {
    const { layout, hideSelf } = prefs();
    return { layout, hideSelf, pin: null, panel: null };
  });
  const { layout, hideSelf } = view;
  useEffect(() => remember({ layout, hideSelf }), [layout, hideSelf]);
  const settings = usePrefs();
  useEffect(() => dispatch({ type: 'hide-self', hidden: settings.hideSelf }), [settings.hideSelf]);
  return [view, dispatch];
}
