import { useEffect } from 'react';
import type { Room, RoomSnapshot } from 'tertulia-client';
import { useWords } from '../i18n/index.tsx';
import { useAnnounce } from '../parts/LiveRegion.tsx';
import { playChime } from '../parts/play.ts';
import { useToasts } from '../parts/Toasts.tsx';
import { prefs } from '../prefs.ts';
import { Announcements } from './announcements.ts';

/** Who blinks is not told: the time in which coming and going cancel out, in milliseconds. */
const SETTLE = 1000;

/** Says to screen readers what others see happen. */
export function useAnnouncements(room: Room): void {
  const words = useWords().panels.announce;
  const { polite, assertive } = useAnnounce();
  const show = useToasts();

  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    const happened = new Announcements();
    let timer: ReturnType<typeof setTimeout> | null = null;
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = null;
        for (const sentence of happened.take(words)) polite(sentence);
      }, SETTLE);
    };

    let before = room.snapshot;
    const unsubscribe = room.subscribe(() => {
      const now = room.snapshot;
      // After a lost session everybody is there anew, which is no news.
      if (now.state === 'connected') {
        compare(before, now, happened);
        for (const sentence of changesOf(before, now, room.local.id, words)) polite(sentence);
        before = now;
      }
      if (!happened.empty) soon();
    });
    room.addEventListener(
      'chat',
      ({ message }) => {
        if (message.sender === room.local.id) return;
        happened.message(message);
        soon();
      },
      { signal },
    );
    room.addEventListener(
      'knock',
      ({ visitor }) => {
        void playChime(prefs().speakerId);
        polite(words.knock(visitor.name));
      },
      { signal },
    );
    let role = room.local.role;
    room.addEventListener(
      'rightschange',
      (event) => {
        if (event.role === role) return;
        role = event.role;
        assertive(words.role[role]);
        show({ text: words.role[role] });
      },
      { signal },
    );
    return () => {
      stop.abort();
      unsubscribe();
      if (timer !== null) clearTimeout(timer);
    };
  }, [room, words, polite, assertive, show]);
}

function compare(before: RoomSnapshot, now: RoomSnapshot, happened: Announcements): void {
  if (before.participants === now.participants) return;
  const names = ({ participants }: RoomSnapshot) => new Map(participants.map(({ id, name }) => [id, name]));
  happened.people(names(before), names(now));
  const hands = new Map(before.participants.map(({ id, hand }) => [id, hand]));
  for (const { id, name, hand } of now.participants) {
    const was = hands.get(id) ?? 0;
    if (was > 0 !== hand > 0) happened.hand(id, name, hand > 0);
  }
}

function changesOf(
  before: RoomSnapshot,
  now: RoomSnapshot,
  own: string,
  words: ReturnType<typeof useWords>['panels']['announce'],
): string[] {
  const said: string[] = [];
  if (before.info && now.info && before.info.locked !== now.info.locked)
    said.push(now.info.locked ? words.locked : words.unlocked);
  const large = now.info?.spotlight ?? null;
  if (large !== (before.info?.spotlight ?? null) && large !== null && large !== own) {
    const person = now.participants.find(({ id }) => id === large);
    if (person) said.push(words.spotlight(person.name));
  }
  const shared = sharers(before);
  for (const { id, name } of sharers(now)) if (!shared.some((other) => other.id === id)) said.push(words.sharing(name));
  return said;
}

const sharers = ({ participants }: RoomSnapshot) =>
  participants.filter(({ publications }) => publications.some(({ source }) => source === 'screen'));
