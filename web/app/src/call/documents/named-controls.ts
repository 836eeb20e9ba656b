/**
 * Puts right, as long as it is watched, what Excalidraw's controls are called: the button of its menu has no name, and that of the button that
 * shows how large everything is does not have what it shows in it (WCAG 2.2, 4.1.2 and 2.5.3). Gives what ends it.
 */
export function nameControls(board: HTMLElement, menu: string): () => void {
  const name = () => {
    board.querySelector('.main-menu-trigger:not([aria-label])')?.setAttribute('aria-label', menu);
    // What it does stands in its title.
    board.querySelector('.reset-zoom-button[title]')?.removeAttribute('aria-label');
  };
  // They come and go with the size of the window.
  const watch = new MutationObserver(name);
  watch.observe(board, { childList: true, subtree: true });
  name();
  return () => {
    watch.disconnect();
    board.querySelector('.main-menu-trigger')?.removeAttribute('aria-label');
  };
}
