import { Paperclip } from 'lucide-react';
import { useRef } from 'react';
import { useWords } from '../../i18n/index.tsx';
import { IconButton } from '../../parts/IconButton.tsx';

/** The button that chooses files. */
export function Attach({ onFiles }: { onFiles: (files: File[]) => void }) {
  const { files } = useWords();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton label={files.attach} look="quiet" onClick={() => input.current?.click()}>
        <Paperclip />
      </IconButton>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={files.attach}
        onChange={({ currentTarget }) => {
          onFiles([...(currentTarget.files ?? [])]);
          // Or the same file could not be chosen again.
          currentTarget.value = '';
        }}
      />
    </>
  );
}
