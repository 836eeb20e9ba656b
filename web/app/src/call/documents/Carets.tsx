import { type CSSProperties, type RefObject, useLayoutEffect, useRef, useState } from 'react';
import type { SharedDocument } from 'tertulia-client';
import type { Y } from 'tertulia-client/documents';
import { type Caret, caretsIn, OwnCaret } from './carets.ts';
import styles from './Documents.module.css';
import { hueOf } from './hue.ts';

interface Props {
  document: SharedDocument;
  /** What the field shows. */
  text: Y.Text;
  field: RefObject<HTMLTextAreaElement | null>;
}

interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** One caret as it is drawn, in CSS pixels from the start of the text. */
interface Mark extends Pick<Caret, 'client' | 'name'> {
  selected: readonly Box[];
  caret: Box;
}

/**
 * Where the others are in a field, and what they have selected. A field cannot show it itself, so its text is laid out once more beneath,
 * and asked where its letters are. Screen readers are told who else is here elsewhere, once.
 */
export function Carets({ document, text, field }: Props) {
  const [marks, setMarks] = useState<readonly Mark[]>([]);
  const sheet = useRef<HTMLDivElement>(null);
  const mirror = useRef<HTMLDivElement>(null);
  const layer = useRef<HTMLDivElement>(null);

  useLayoutEffect(() => {
    const element = field.current;
    if (!element || !sheet.current || !mirror.current || !layer.current) return;
    const [box, laid, scrolled] = [sheet.current, mirror.current, layer.current];
    const own = new OwnCaret(document, text);
    const { awareness } = document;
    let frame = 0;

    const draw = () => {
      frame = 0;
      const written = element.value;
      // While an input method composes the field is behind the text, and places of one are none of the other.
      if (written !== text.toString()) return;
      const carets = caretsIn(document, text);
      // Without the bar by which one scrolls, beside which the text is broken into lines.
      box.style.inlineSize = `${element.clientWidth}px`;
      // A newline at the very end makes a line only where something follows.
      laid.textContent = carets.length > 0 ? `${written}\u200b` : '';
      setMarks(carets.map((caret) => markOf(caret, laid)));
    };
    const drawSoon = () => {
      frame ||= requestAnimationFrame(draw);
    };
    const tell = () => {
      if (window.document.activeElement !== element) return own.hide();
      if (element.value !== text.toString()) return;
      const { selectionStart: start, selectionEnd: end, selectionDirection } = element;
      if (selectionDirection === 'backward') own.show(end, start);
      else own.show(start, end);
    };
    const scroll = () => {
      scrolled.style.translate = `0 ${-element.scrollTop}px`;
    };

    const stop = new AbortController();
    const { signal } = stop;
    window.document.addEventListener('selectionchange', tell, { signal });
    for (const event of ['focus', 'blur', 'input']) element.addEventListener(event, tell, { signal });
    element.addEventListener('input', drawSoon, { signal });
    element.addEventListener('scroll', scroll, { signal });
    const sized = new ResizeObserver(drawSoon);
    sized.observe(element);
    text.observe(drawSoon);
    awareness.on('change', drawSoon);
    scroll();
    tell();
    return () => {
      stop.abort();
      sized.disconnect();
      text.unobserve(drawSoon);
      awareness.off('change', drawSoon);
      cancelAnimationFrame(frame);
      own.hide();
    };
  }, [document, text, field]);

  return (
    <div ref={sheet} className={styles.carets} aria-hidden="true">
      <div ref={mirror} className={styles.mirror} />
      <div ref={layer} className={styles.marks}>
        {marks.map(({ client, name, selected, caret }) => (
          <div key={client} data-caret={name} style={{ '--hue': hueOf(client) } as CSSProperties}>
            {selected.map((line) => (
              <span key={`${line.left} ${line.top}`} className={styles.selected} style={line} />
            ))}
            <span className={styles.caret} style={{ left: caret.left, top: caret.top, height: caret.height }} />
            {/* Another place, another flag: it is shown anew. */}
            <span key={`${caret.left} ${caret.top}`} className={styles.flag} style={flagOf(caret)}>
              {name}
            </span>
          </div>
        ))}
      </div>
    </div>
  );
}

function markOf({ client, name, anchor, head }: Caret, laid: HTMLElement): Mark {
  const origin = laid.getBoundingClientRect();
  const boxes = (from: number, to: number): Box[] => {
    const letters = laid.firstChild as Text;
    const range = window.document.createRange();
    range.setStart(letters, Math.min(from, letters.length));
    range.setEnd(letters, Math.min(to, letters.length));
    return [...range.getClientRects()].map(({ left, top, width, height }) => ({
      left: left - origin.left,
      top: top - origin.top,
      width,
      height,
    }));
  };
  const selected = anchor === head ? [] : boxes(Math.min(anchor, head), Math.max(anchor, head));
  // It stands before the letter that follows it, at the end before what was put there for it.
  const caret = boxes(head, head + 1).at(0) ?? { left: 0, top: 0, width: 0, height: 0 };
  return { client, name, selected, caret };
}

/** Above its caret, below it in the first line; leaning in where it would go out. */
const flagOf = ({ left, top, height }: Box): CSSProperties => ({
  top: top < 2 * height ? top + height : top,
  left,
  translate: `${left > 160 ? '-100%' : '0'} ${top < 2 * height ? '0' : '-100%'}`,
});
