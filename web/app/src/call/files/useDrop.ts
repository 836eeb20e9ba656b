import { type ClipboardEvent, type DragEvent, useState } from 'react';

/** For an element that takes files: dropped on it, or pasted in it. */
export function useDrop(take: ((files: File[]) => void) | null) {
  // Entering a child comes before leaving its parent.
  const [depth, setDepth] = useState(0);
  if (take === null) return { over: false, handlers: {} };
  const brings = ({ dataTransfer }: DragEvent) => dataTransfer.types.includes('Files');
  return {
    over: depth > 0,
    handlers: {
      onDragEnter: (event: DragEvent) => {
        if (brings(event)) setDepth((before) => before + 1);
      },
      onDragLeave: (event: DragEvent) => {
        if (brings(event)) setDepth((before) => Math.max(0, before - 1));
      },
      onDragOver: (event: DragEvent) => {
        // Without it the browser would open the file in place of the call.
        if (brings(event)) event.preventDefault();
      },
      onDrop: (event: DragEvent) => {
        if (!brings(event)) return;
        event.preventDefault();
        setDepth(0);
        take([...event.dataTransfer.files]);
      },
      onPaste: (event: ClipboardEvent) => {
        const { files } = event.clipboardData;
        if (files.length === 0) return;
        event.preventDefault();
        take([...files]);
      },
    },
  };
}
