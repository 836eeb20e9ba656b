import { Excalidraw, MainMenu } from '@excalidraw/excalidraw';
import '@excalidraw/excalidraw/index.css';
import type { ExcalidrawImperativeAPI } from '@excalidraw/excalidraw/types';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Room, SharedDocument } from 'tertulia-client';
import { useLanguage, useWords } from '../../i18n/index.tsx';
import { usePrefs } from '../../prefs.ts';
import { useRoomValue } from '../useRoomValue.ts';
import { BoardBinding, elementsOf } from './board-binding.ts';
import styles from './Documents.module.css';
import { nameControls } from './named-controls.ts';
import { Status } from './Status.tsx';
import { useDocument } from './useDocument.ts';

/** A board that everybody in the room draws on together. */
export default function Board({ room }: { room: Room }) {
  const opened = useDocument(room, 'board');
  return (
    <>
      <Status {...opened} />
      {opened.document && <Canvas room={room} document={opened.document} />}
    </>
  );
}

function Canvas({ room, document }: { room: Room; document: SharedDocument }) {
  const { language } = useLanguage();
  const { board } = useWords().documents;
  const canvas = useRef<HTMLDivElement>(null);
  useEffect(() => (canvas.current ? nameControls(canvas.current, board.menu) : undefined), [board.menu]);
  const { theme } = usePrefs();
  const mayDraw = useRoomValue(room, ({ rights }) => rights.includes('data'));
  const [api, setApi] = useState<ExcalidrawImperativeAPI | null>(null);
  // Until then it would put its first elements in place of what it is given.
  const [loaded, setLoaded] = useState(false);
  const [binding, setBinding] = useState<BoardBinding | null>(null);
  // Not where somebody has gone elsewhere while it was loaded.
  const [autoFocus] = useState(() => window.document.activeElement?.closest('[data-own-keys]') !== null);
  const initialData = useMemo(() => ({ elements: elementsOf(document), scrollToContent: true }), [document]);
  useEffect(() => {
    if (!api || !loaded) return;
    const bound = new BoardBinding(document, api);
    setBinding(bound);
    return () => bound.close();
  }, [document, api, loaded]);
  return (
    <div ref={canvas} className={styles.canvas}>
      <Excalidraw
        excalidrawAPI={setApi}
        initialData={initialData}
        isCollaborating
        autoFocus={autoFocus}
        viewModeEnabled={!mayDraw}
        langCode={language === 'zh' ? 'zh-CN' : 'en'}
        theme={theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')}
        // What is no part of the elements does not reach the others.
        UIOptions={{ tools: { image: false }, canvasActions: { loadScene: false, toggleTheme: false } }}
        validateEmbeddable={false}
        onPaste={(_, event) => !event?.clipboardData?.files.length}
        onChange={() => {
          setLoaded(true);
          binding?.handleChange();
        }}
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
