import { Excalidraw, MainMenu } from '@excalidraw/excalidraw';
import '@excalidraw/excalidraw/index.css';
import type { ExcalidrawImperativeAPI } from '@excalidraw/excalidraw/types';
import { X } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import type { Room, SharedDocument } from 'tertulia-client';
import { useLanguage, useWords } from '../../i18n/index.tsx';
import { IconButton } from '../../parts/IconButton.tsx';
import { usePrefs } from '../../prefs.ts';
import { useRoomValue } from '../useRoomValue.ts';
import { BoardBinding, elementsOf } from './board-binding.ts';
import styles from './Documents.module.css';
import { Status } from './Status.tsx';
import { useDocument } from './useDocument.ts';

/** A board that everybody in the room draws on together. */
export default function Board({ room, onClose }: { room: Room; onClose: () => void }) {
  const { board } = useWords().documents;
  const opened = useDocument(room, 'board');
  return (
    <section className={styles.board} aria-label={board.title} data-own-keys>
      <header className={styles.boardHead}>
        <h2>{board.title}</h2>
        <Status {...opened} />
        <IconButton label={board.close} look="quiet" side="bottom" onClick={onClose}>
          <X />
        </IconButton>
      </header>
      {opened.document && <Canvas room={room} document={opened.document} />}
    </section>
  );
}

function Canvas({ room, document }: { room: Room; document: SharedDocument }) {
  const { language } = useLanguage();
  const { theme } = usePrefs();
  const mayDraw = useRoomValue(room, ({ rights }) => rights.includes('data'));
  const [api, setApi] = useState<ExcalidrawImperativeAPI | null>(null);
  const [binding, setBinding] = useState<BoardBinding | null>(null);
  const initialData = useMemo(() => ({ elements: elementsOf(document), scrollToContent: true }), [document]);
  useEffect(() => {
    if (!api) return;
    const bound = new BoardBinding(document, api);
    setBinding(bound);
    return () => bound.close();
  }, [document, api]);
  return (
    <div className={styles.canvas}>
      <Excalidraw
        excalidrawAPI={setApi}
        initialData={initialData}
        isCollaborating
        viewModeEnabled={!mayDraw}
        langCode={language === 'zh' ? 'zh-CN' : 'en'}
        theme={theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')}
        // What is no part of the elements does not reach the others.
        UIOptions={{ tools: { image: false }, canvasActions: { loadScene: false, toggleTheme: false } }}
        validateEmbeddable={false}
        onPaste={(_, event) => !event?.clipboardData?.files.length}
        onChange={() => binding?.handleChange()}
        onPointerUpdate={({ pointer, button }) => binding?.handlePointer(pointer, button)}
      >
        <MainMenu>
          <MainMenu.DefaultItems.SaveAsImage />
          <MainMenu.DefaultItems.SearchMenu />
          <MainMenu.DefaultItems.Help />
          {mayDraw && <MainMenu.DefaultItems.ClearCanvas />}
        </MainMenu>
      </Excalidraw>
    </div>
  );
}
