import { X } from 'lucide-react';
import type { Room } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { IconButton } from '../../parts/IconButton.tsx';
import { Panel } from '../../parts/Panel.tsx';
import styles from './Documents.module.css';
import { Later } from './Later.tsx';

interface Props {
  room: Room;
  onClose: () => void;
}

const loadNotes = () => import('./Notes.tsx');
const loadBoard = () => import('./Board.tsx');

/** Yjs comes with the first of the two, Excalidraw with the board. */
export function Notes(props: Props) {
  const { documents } = useWords();
  return (
    <Later
      load={loadNotes}
      props={props}
      meanwhile={(failed) => (
        <Panel title={documents.notes.title} onClose={props.onClose}>
          <p role={failed ? 'alert' : 'status'} className={styles.status}>
            {failed ? documents.failed : documents.opening}
          </p>
        </Panel>
      )}
    />
  );
}

export function Board(props: Props) {
  const { board, failed: sorry } = useWords().documents;
  return (
    <Later
      load={loadBoard}
      props={props}
      meanwhile={(failed) => (
        <section className={styles.board} aria-label={board.title}>
          <header className={styles.boardHead}>
            <h2>{board.title}</h2>
            <IconButton label={board.close} look="quiet" side="bottom" onClick={props.onClose}>
              <X />
            </IconButton>
          </header>
          <p role={failed ? 'alert' : 'status'} className={styles.status}>
            {failed ? sorry : board.loading}
          </p>
        </section>
      )}
    />
  );
}
