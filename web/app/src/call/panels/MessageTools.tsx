import { Ellipsis, Pencil, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { Message, Room } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { IconButton } from '../../parts/IconButton.tsx';
import { Menu, MenuItem, MenuSeparator } from '../../parts/Menu.tsx';
import { REACTIONS } from '../reactions.ts';
import { useRequest } from '../useRequest.ts';
import styles from './Chat.module.css';

interface Props {
  room: Room;
  message: Message;
  mayReact: boolean;
  onEdit: (id: string) => void;
}

/** What can be done with a message: react; edit and delete one's own; moderators delete anybody's. */
export function MessageTools({ room, message, mayReact, onEdit }: Props) {
  const { panels } = useWords();
  const { chat } = panels;
  const { request } = useRequest();
  const [open, setOpen] = useState(false);
  const own = message.sender === room.local.id;
  const react = (reaction: string) => {
    const on = !message.reactions?.some((it) => it.reaction === reaction && it.by.includes(room.local.id));
    return request(() => room.chat.react(message.id, reaction, { on }));
  };
  return (
    <div className={styles.tools} data-open={open || undefined}>
      <Menu
        side="bottom"
        align="end"
        onOpenChange={setOpen}
        trigger={
          <IconButton label={own ? chat.actionsOwn : chat.actions(message.name)} look="quiet" side="left">
            <Ellipsis />
          </IconButton>
        }
      >
        {mayReact &&
          REACTIONS.map((reaction) => (
            <MenuItem key={reaction} icon={reaction} onSelect={() => void react(reaction)}>
              {panels.reactions[reaction]}
            </MenuItem>
          ))}
        {mayReact && (own || room.can('moderate')) && <MenuSeparator />}
        {mayReact && own && (
          <MenuItem icon={<Pencil />} onSelect={() => onEdit(message.id)}>
            {chat.edit}
          </MenuItem>
        )}
        {(own || room.can('moderate')) && (
          <MenuItem icon={<Trash2 />} danger onSelect={() => void request(() => room.chat.delete(message.id))}>
            {chat.delete}
          </MenuItem>
        )}
      </Menu>
    </div>
  );
}

interface ReactionsProps {
  room: Room;
  message: Message;
  mayReact: boolean;
}

/** The signs under a message; each is a button that puts one's own there, or takes it away. */
export function MessageReactions({ room, message, mayReact }: ReactionsProps) {
  const { chat } = useWords().panels;
  const { request } = useRequest();
  const own = room.local.id;
  const nameOf = (id: string) => (id === own ? chat.you : (room.participants.get(id)?.name ?? chat.gone));
  return (
    <div className={styles.reactions}>
      {message.reactions?.map(({ reaction, by }) => (
        <button
          key={reaction}
          type="button"
          className={styles.reaction}
          disabled={!mayReact}
          aria-pressed={by.includes(own)}
          aria-label={chat.reactedBy(reaction, by.map(nameOf))}
          title={chat.reactedBy(reaction, by.map(nameOf))}
          onClick={() => void request(() => room.chat.react(message.id, reaction, { on: !by.includes(own) }))}
        >
          <bdi>{reaction}</bdi> {by.length}
        </button>
      ))}
    </div>
  );
}
