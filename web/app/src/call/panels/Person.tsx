import { Ellipsis, Hand, Mic, MicOff, ScreenShare, Video, VideoOff } from 'lucide-react';
import { memo, type ReactNode } from 'react';
import type { ParticipantSnapshot, Source } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { Avatar } from '../../parts/Avatar.tsx';
import { IconButton } from '../../parts/IconButton.tsx';
import { Menu } from '../../parts/Menu.tsx';
import { Named } from '../Named.tsx';
import styles from './People.module.css';

interface Props {
  person: ParticipantSnapshot;
  /** Place in the queue of hands, counted from 1; 0 while it is down. */
  place: number;
  /** Items of this person's menu, asked for when it opens; null: no menu. The same function from render to render. */
  menuFor: ((person: ParticipantSnapshot) => ReactNode) | null;
}

/** A line of the list. */
export const Person = memo(function Person({ person, place, menuFor }: Props) {
  const { people } = useWords().panels;
  const published = (wanted: Source) => person.publications.find(({ source }) => source === wanted);
  const sends = (source: Source) => published(source)?.muted === false;
  const speaks = person.role !== 'viewer';
  return (
    <li className={styles.person}>
      <Avatar name={person.name} />
      <div className={styles.who}>
        <span className={styles.name}>
          {person.local ? <Named words={people.youName} name={person.name} /> : <bdi>{person.name}</bdi>}
        </span>
        {!person.connected && <span className={styles.note}>{people.away}</span>}
        {person.connected && person.role === 'moderator' && <span className={styles.note}>{people.moderator}</span>}
      </div>
      <span className={styles.states}>
        {place > 0 && (
          <span className={styles.hand} role="img" aria-label={people.hand(place)}>
            <Hand aria-hidden="true" />
            {place}
          </span>
        )}
        {sends('screen') && <ScreenShare role="img" aria-label={people.sharing} />}
        {speaks &&
          (sends('microphone') ? (
            <Mic role="img" aria-label={people.microphoneOn} />
          ) : (
            <MicOff className={styles.off} role="img" aria-label={people.microphoneOff} />
          ))}
        {speaks &&
          (sends('camera') ? (
            <Video role="img" aria-label={people.cameraOn} />
          ) : (
            <VideoOff className={styles.off} role="img" aria-label={people.cameraOff} />
          ))}
      </span>
      {menuFor ? (
        <Menu
          side="bottom"
          align="end"
          trigger={
            <IconButton label={people.actions(person.name)} look="quiet" side="left">
              <Ellipsis />
            </IconButton>
          }
        >
          {menuFor(person)}
        </Menu>
      ) : (
        <span className={styles.noMenu} />
      )}
    </li>
  );
});
