/** Whether a key that is pressed there means something there already: in a field, a menu or a dialog. */
export function takesKeys(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest(
      'input, textarea, select, [contenteditable]:not([contenteditable="false"]), [role="menu"], [role="listbox"], [role="dialog"], [role="alertdialog"], [data-own-keys]',
    ) !== null
  );
}

/** A dialog lies over the page, wherever focus is. What calls itself one within the whiteboard, such as its colours, lies beside what one draws. */
export const isCovered = (): boolean =>
  document.querySelector(':is([role="dialog"], [role="alertdialog"]):not([data-own-keys] *)') !== null;
