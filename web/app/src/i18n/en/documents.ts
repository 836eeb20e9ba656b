/** Notes and whiteboard. */
export const documents = {
  opening: 'Opening…',
  offline: 'Not connected: what you change reaches the others when you are back.',
  readOnly: 'You can look, but not change anything.',
  failed: 'It could not be opened. Close it and try again.',
  problem: {
    too_large: 'It is full: what you changed last stays with you alone.',
    not_allowed: 'You may not change it any more.',
    invalid: 'The server does not understand what you changed. Close it and open it again.',
    too_many_documents: 'Too many documents are open in this room.',
    store_failed: 'The server cannot read it just now.',
  } as Record<string, string>,
  others: (names: readonly string[]) =>
    `Also here: ${new Intl.ListFormat('en', { type: 'conjunction' }).format(names)}`,
  notes: {
    title: 'Notes',
    field: 'Shared notes',
    placeholder: 'Everybody in the room writes here together.',
    undo: 'Undo',
    redo: 'Redo',
  },
  board: {
    title: 'Whiteboard',
    close: 'Close whiteboard',
    menu: 'Menu of the whiteboard',
    loading: 'Loading the whiteboard…',
  },
};
