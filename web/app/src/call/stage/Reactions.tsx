import { useEffect, useRef } from 'react';
import type { Room } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { useAnnounce } from '../../parts/LiveRegion.tsx';
import styles from './Reactions.module.css';

const SHOWN = 4000;
const QUIET = 3000;
/** More at once would only hide each other. */
const MOST = 20;

/** Reactions float up over the stage. Written to the document directly, for a hall that claps should not render anything. */
export function Reactions({ room }: { room: Room }) {
  const layer = useRef<HTMLDivElement>(null);
  const { stage: words } = useWords();
  const announce = useAnnounce();

  useEffect(() => {
    const timers = new Set<ReturnType<typeof setTimeout>>();
    const after = (delay: number, run: () => void) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        run();
      }, delay);
      timers.add(timer);
    };

    const show = (name: string, reaction: string) => {
      if (!layer.current || layer.current.childElementCount >= MOST) return;
      const element = bubbleOf(name, reaction);
      layer.current.append(element);
      after(SHOWN, () => element.remove());
    };

    let quiet = false;
    let missed = 0;
    const say = (text: string) => {
      if (quiet) {
        missed += 1;
        return;
      }
      announce.polite(text);
      quiet = true;
      after(QUIET, () => {
        quiet = false;
        if (missed > 0) say(words.moreReactions(missed));
        missed = 0;
      });
    };

    const listen = ({ participant, reaction }: { participant: string; reaction: string }) => {
      const person = participant === room.local.id ? room.local : room.participants.get(participant);
      if (!person) return;
      const name = person === room.local ? words.you(person.name) : person.name;
      show(name, reaction);
      say(words.reacted(name, reaction));
    };
    room.addEventListener('reaction', listen);
    return () => {
      room.removeEventListener('reaction', listen);
      for (const timer of timers) clearTimeout(timer);
      layer.current?.replaceChildren();
    };
  }, [room, words, announce]);

  return <div ref={layer} className={styles.layer} aria-hidden="true" />;
}

function bubbleOf(name: string, reaction: string): HTMLElement {
  const element = document.createElement('span');
  element.className = styles.reaction ?? '';
  element.style.setProperty('--at', `${5 + Math.random() * 80}%`);
  const sign = document.createElement('span');
  sign.className = styles.sign ?? '';
  sign.textContent = reaction;
  const label = document.createElement('bdi');
  label.className = styles.name ?? '';
  label.textContent = name;
  element.append(sign, label);
  return element;
}
