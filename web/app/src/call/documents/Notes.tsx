import { Redo2, Undo2 } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { Room, SharedDocument } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { IconButton } from '../../parts/IconButton.tsx';
import { useRoomValue } from '../useRoomValue.ts';
import { Carets } from './Carets.tsx';
import styles from './Documents.module.css';
import { Status } from './Status.tsx';
import { TextBinding } from './text-binding.ts';
import { useDocument } from './useDocument.ts';
import { useOthers } from './useOthers.ts';

/** Notes that everybody in the room writes together. Tab and Escape lead out of them. */
export default function Notes({ room }: { room: Room }) {
  const opened = useDocument(room, 'notes');
  return (
    <div className={styles.notes}>
      <Status {...opened} />
      {opened.document && <Field room={room} document={opened.document} />}
    </div>
  );
}

function Field({ room, document }: { room: Room; document: SharedDocument }) {
  const { documents } = useWords();
  const { notes } = documents;
  const mayWrite = useRoomValue(room, ({ rights }) => rights.includes('data'));
  const others = useOthers(document);
  const text = document.doc.getText('text');
  const field = useRef<HTMLTextAreaElement>(null);
  const [binding, setBinding] = useState<TextBinding | null>(null);
  useEffect(() => {
    if (!field.current) return;
    const bound = new TextBinding(text, field.current);
    setBinding(bound);
    return () => bound.close();
  }, [text]);
  return (
    <>
      <div className={styles.sheet}>
        <textarea
          ref={field}
          className={styles.field}
          aria-label={notes.field}
          placeholder={mayWrite ? notes.placeholder : ''}
          readOnly={!mayWrite}
          spellCheck
        />
        <Carets document={document} text={text} field={field} />
      </div>
      <div className={styles.foot}>
        <span>{others.length > 0 && documents.others(others)}</span>
        {mayWrite && (
          <>
            <IconButton label={notes.undo} look="quiet" onClick={() => binding?.undo()}>
              <Undo2 />
            </IconButton>
            <IconButton label={notes.redo} look="quiet" onClick={() => binding?.redo()}>
              <Redo2 />
            </IconButton>
          </>
        )}
      </div>
    </>
  );
}
