import type { Room } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { Panel } from '../../parts/Panel.tsx';
import { BoardFrame } from './BoardFrame.tsx';
import styles from './Documents.module.css';
import { Later } from './Later.tsx';

interface Props {
  room: Room;
  onClose: () => void;
}

const loadNotes = () => import('./Notes.tsx');
const loadBoard = () => import('./Board.tsx');

/** Yjs comes with the first of the two, Excalidraw with the board. */
export function Notes({ room, onClose }: Props) {
  const { notes, opening } = useWords().documents;
  return (
    <Panel title={notes.title} onClose={onClose}>
      <Later load={loadNotes} props={{ room }} meanwhile={(failed) => <Meanwhile failed={failed} text={opening} />} />
    </Panel>
  );
}

export function Board({ room, onClose }: Props) {
  const { board } = useWords().documents;
  return (
    <BoardFrame onClose={onClose}>
      <Later
        load={loadBoard}
        props={{ room }}
        meanwhile={(failed) => <Meanwhile failed={failed} text={board.loading} />}
      />
    </BoardFrame>
  );
}

function Meanwhile({ failed, text }: { failed: boolean; text: string }) {
  const { documents } = useWords();
  return (
    <p role={failed ? 'alert' : 'status'} className={styles.status}>
      {failed ? documents.failed : text}
    </p>
  );
}
