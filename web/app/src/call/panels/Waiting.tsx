import type { Room, Visitor } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { Avatar } from '../../parts/Avatar.tsx';
import { Button } from '../../parts/Button.tsx';
import { useRequest } from '../useRequest.ts';
import { useRoomValue } from '../useRoomValue.ts';
import styles from './People.module.css';

/** Who waits at the door; only those who may admit are told. */
export function Waiting({ room }: { room: Room }) {
  const { people } = useWords().panels;
  const { busy, request } = useRequest();
  const knocking = useRoomValue(room, (snapshot) => snapshot.knocking);
  if (knocking.length === 0) return null;
  return (
    <section className={styles.section}>
      <h3 className={styles.heading}>
        {people.section(people.waiting, knocking.length)}
        {knocking.length > 1 && (
          <Button
            look="quiet"
            disabled={busy}
            onClick={() => void request(() => Promise.all(knocking.map(({ id }) => room.admit(id))))}
          >
            {people.admitAll}
          </Button>
        )}
      </h3>
      <ul className={styles.list}>
        {knocking.map((visitor) => (
          <Knock key={visitor.id} room={room} visitor={visitor} />
        ))}
      </ul>
    </section>
  );
}

function Knock({ room, visitor: { id, name } }: { room: Room; visitor: Visitor }) {
  const { people } = useWords().panels;
  const { busy, request } = useRequest();
  return (
    <li className={`${styles.person} ${styles.knocking}`}>
      <Avatar name={name} />
      <div className={styles.who}>
        <span className={styles.name}>
          <bdi>{name}</bdi>
        </span>
      </div>
      <Button
        look="quiet"
        aria-label={people.denyPerson(name)}
        disabled={busy}
        onClick={() => void request(() => room.deny(id))}
      >
        {people.deny}
      </Button>
      <Button
        look="plain"
        aria-label={people.admitPerson(name)}
        disabled={busy}
        onClick={() => void request(() => room.admit(id))}
      >
        {people.admit}
      </Button>
    </li>
  );
}
