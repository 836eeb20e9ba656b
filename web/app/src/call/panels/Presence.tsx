import type { Message, Room } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { useRoomValue } from '../useRoomValue.ts';
import styles from './Chat.module.css';

/** Who writes something now. Seen, not announced: it comes and goes all the time. */
export function Typing({ room, to }: { room: Room; to: string | null }) {
  const { chat } = useWords().panels;
  const everybody = useRoomValue(room, ({ typists }) => typists);
  const privately = useRoomValue(room, ({ privateTypists }) => privateTypists);
  const typists = to === null ? everybody : privately.filter((id) => id === to);
  const names = typists.flatMap((id) => room.participants.get(id)?.name ?? []);
  return <p className={styles.typing}>{names.length > 0 && <bdi>{chat.typing(names)}</bdi>}</p>;
}

/** Who has read the newest message, where that is one's own. */
export function ReadBy({ room, message }: { room: Room; message: Message | undefined }) {
  const { chat } = useWords().panels;
  const marks = useRoomValue(room, ({ readMarks }) => readMarks);
  if (!message || message.deleted || message.sender !== room.local.id) return null;
  const people = message.to === null ? [...room.participants.values()] : [room.participants.get(message.to)];
  const names = people.flatMap((person) =>
    person && (marks.get(person.id) ?? 0) >= message.number ? person.name : [],
  );
  return names.length > 0 && <p className={styles.readBy}>{chat.readBy(names)}</p>;
}
