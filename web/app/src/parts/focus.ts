/**
 * What to give focus back to when something that opens now is closed again. A menu is gone by then, so its button stands in for it.
 */
export function focusOrigin(): HTMLElement | null {
  let element: Element | null = document.activeElement;
  for (;;) {
    const menu: Element | null | undefined = element?.closest('[role="menu"]');
    if (!menu) return element instanceof HTMLElement && element !== document.body ? element : null;
    element = document.getElementById(menu.getAttribute('aria-labelledby') ?? '');
  }
}

/** As a `ref`: takes focus when it appears, so that who does not see the page change hears what it is now. */
export const takeFocus = (element: HTMLElement | null): void => element?.focus({ preventScroll: true });
