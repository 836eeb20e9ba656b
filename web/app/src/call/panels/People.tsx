import { Search, UserPlus } from 'lucide-react';
import { type Dispatch, useCallback, useState } from 'react';
import type { Participant, ParticipantSnapshot, Room } from 'tertulia-client';
import { useLanguage } from '../../i18n/index.tsx';
import { IconButton } from '../../parts/IconButton.tsx';
import { Panel } from '../../parts/Panel.tsx';
import { handQueue } from '../stage/cast.ts';
import { usePeople } from '../stage/usePeople.ts';
import { useRoomValue } from '../useRoomValue.ts';
import type { View, ViewAction } from '../view.ts';
import { Moderation } from './Moderation.tsx';
import styles from './People.module.css';
import { Person } from './Person.tsx';
import { PersonItems } from './PersonItems.tsx';
import { sectionsOf } from './sections.ts';
import { Waiting } from './Waiting.tsx';

interface Props {
  room: Room;
  view: View;
  dispatch: Dispatch<ViewAction>;
  onClose: () => void;
  onInvite: () => void;
  onMessage: (participant: Participant) => void;
  onRemove: (participant: Participant) => void;
}

/** With how many people one searches rather than looks. */
const MANY = 10;

/** Everybody who is here, and what one may do with them. */
export function People({ room, view, dispatch, onClose, onInvite, onMessage, onRemove }: Props) {
  const { language, words } = useLanguage();
  const { people: said } = words.panels;
  const people = usePeople(room);
  const moderates = useRoomValue(room, ({ rights }) => rights.includes('moderate'));
  // Moderators see each of them.
  const unlisted = useRoomValue(room, ({ info, rights }) => (rights.includes('moderate') ? 0 : (info?.audience ?? 0)));
  const [query, setQuery] = useState('');
  const { hands, inCall, viewers } = sectionsOf(people, query, language);
  const queue = handQueue(people);
  const menuFor = useCallback(
    ({ id }: ParticipantSnapshot) => {
      const participant = room.participants.get(id);
      return (
        participant && (
          <PersonItems
            room={room}
            participant={participant}
            pinning={{ view, dispatch }}
            onMessage={onMessage}
            onRemove={onRemove}
          />
        )
      );
    },
    [room, view, dispatch, onMessage, onRemove],
  );
  const sections = [
    { title: said.hands, members: hands, more: 0 },
    { title: hands.length > 0 ? said.others : said.inCall, members: inCall, more: 0 },
    { title: said.viewers, members: viewers, more: query ? 0 : unlisted },
  ].filter(({ members, more }) => members.length + more > 0);

  return (
    <Panel
      title={said.title}
      onClose={onClose}
      actions={
        <IconButton label={said.invite} look="quiet" side="bottom" onClick={onInvite}>
          <UserPlus />
        </IconButton>
      }
    >
      <div className={styles.scroll}>
        {moderates && <Moderation room={room} />}
        <Waiting room={room} />
        {people.length > MANY && (
          <label className={styles.search}>
            <Search aria-hidden="true" />
            <input
              type="search"
              value={query}
              aria-label={said.search}
              placeholder={said.search}
              onChange={(event) => setQuery(event.target.value)}
            />
          </label>
        )}
        {sections.map(({ title, members, more }) => (
          <section key={title} className={styles.section}>
            <h3 className={styles.heading}>{said.section(title, members.length + more)}</h3>
            <ul className={styles.list}>
              {members.map((person) => (
                <Person
                  key={person.id}
                  person={person}
                  place={queue.get(person.id) ?? 0}
                  menuFor={person.local ? null : menuFor}
                />
              ))}
            </ul>
          </section>
        ))}
        {sections.length === 0 && (
          <p role="status" className={styles.nobody}>
            {said.nobodyFound}
          </p>
        )}
      </div>
    </Panel>
  );
}
