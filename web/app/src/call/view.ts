/** What this person looks at. Nobody else learns of it. */
export interface View {
  layout: Layout;
  /** Shown large; stays while tracks come and go. */
  pin: Pin | null;
  panel: PanelName | null;
  hideSelf: boolean;
}

/** `auto`: whoever shares or is in the spotlight large, else a grid. `speaker`: who speaks large. */
export const LAYOUTS = ['auto', 'grid', 'speaker'] as const;
export type Layout = (typeof LAYOUTS)[number];
export type PanelName = 'chat' | 'people' | 'notes';

export interface Pin {
  participant: string;
  source: 'camera' | 'screen';
}

export type ViewAction =
  | { type: 'layout'; layout: Layout }
  /** Pins, or unpins what is pinned already. */
  | { type: 'pin'; pin: Pin }
  | { type: 'unpin' }
  /** Opens the panel, or closes the one that is open already. */
  | { type: 'panel'; panel: PanelName }
  | { type: 'show-panel'; panel: PanelName }
  | { type: 'close-panel' }
  | { type: 'hide-self'; hidden: boolean };

export function changeView(view: View, action: ViewAction): View {
  switch (action.type) {
    case 'layout':
      return { ...view, layout: action.layout, pin: null };
    case 'pin':
      return { ...view, pin: samePin(view.pin, action.pin) ? null : action.pin };
    case 'unpin':
      return { ...view, pin: null };
    case 'panel':
      return { ...view, panel: view.panel === action.panel ? null : action.panel };
    case 'show-panel':
      return { ...view, panel: action.panel };
    case 'close-panel':
      return { ...view, panel: null };
    case 'hide-self':
      return { ...view, hideSelf: action.hidden };
  }
}

export function samePin(one: Pin | null, other: Pin | null): boolean {
  return one?.participant === other?.participant && one?.source === other?.source;
}
