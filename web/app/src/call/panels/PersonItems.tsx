import {
  Crown,
  Eye,
  Hand,
  MessageSquareLock,
  Mic,
  MicOff,
  Pin,
  PinOff,
  ScreenShareOff,
  Sparkles,
  UserRoundX,
  Video,
  VideoOff,
} from 'lucide-react';
import { type Dispatch, Fragment, type ReactNode } from 'react';
import type { Participant, ParticipantSnapshot, Role, Room, Source } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { MenuItem, MenuSeparator } from '../../parts/Menu.tsx';
import { useToasts } from '../../parts/Toasts.tsx';
import { useRequest } from '../useRequest.ts';
import { useRoomValue } from '../useRoomValue.ts';
import { samePin, type View, type ViewAction } from '../view.ts';

interface Props {
  room: Room;
  participant: Participant;
  /** Given where the menu is not on a tile: tiles pin by themselves. */
  pinning?: { view: View; dispatch: Dispatch<ViewAction> };
  onMessage: (participant: Participant) => void;
  onRemove: (participant: Participant) => void;
}

interface Item {
  key: string;
  icon: ReactNode;
  label: string;
  danger?: boolean;
  onSelect: () => void;
}

/** What one may do with somebody else, as items of a menu. */
export function PersonItems(props: Props) {
  const own = useOwnItems(props);
  const moderation = useModeration(props);
  const groups = [own, ...moderation].filter((group) => group.length > 0);
  return groups.map((group, index) => (
    <Fragment key={group[0]?.key}>
      {index > 0 && <MenuSeparator />}
      {group.map(({ key, label, ...item }) => (
        <MenuItem key={key} {...item}>
          {label}
        </MenuItem>
      ))}
    </Fragment>
  ));
}

function useOwnItems({ room, participant, pinning, onMessage }: Props): Item[] {
  const { person } = useWords().panels;
  const mayWrite = useRoomValue(room, ({ rights }) => rights.includes('chat'));
  const sources = pinning
    ? (['camera', 'screen'] as const).filter((source) => source === 'camera' || participant.publication(source))
    : [];
  return [
    ...sources.map((source) => {
      const pin = { participant: participant.id, source };
      const pinned = samePin(pinning?.view.pin ?? null, pin);
      return {
        key: `pin-${source}`,
        icon: pinned ? <PinOff /> : <Pin />,
        label: pinned ? person.unpin : source === 'screen' ? person.pinScreen : person.pin,
        onSelect: () => pinning?.dispatch({ type: 'pin', pin }),
      };
    }),
    ...(mayWrite
      ? [{ key: 'message', icon: <MessageSquareLock />, label: person.message, onSelect: () => onMessage(participant) }]
      : []),
  ];
}

const ROLES: readonly { role: Role; icon: ReactNode; word: 'makeModerator' | 'makeSpeaker' | 'makeViewer' }[] = [
  { role: 'moderator', icon: <Crown />, word: 'makeModerator' },
  { role: 'speaker', icon: <Mic />, word: 'makeSpeaker' },
  { role: 'viewer', icon: <Eye />, word: 'makeViewer' },
];

function useModeration({ room, participant, onRemove }: Props): Item[][] {
  const { person } = useWords().panels;
  const show = useToasts();
  const { request } = useRequest();
  const moderates = useRoomValue(room, ({ rights }) => rights.includes('moderate'));
  const spotlit = useRoomValue(room, ({ info }) => info?.spotlight === participant.id);
  const now = useRoomValue(room, ({ participants }) => participants.find(({ id }) => id === participant.id));
  if (!moderates || !now) return [];

  const ask = (source: Source) => async () => {
    if (await request(() => participant.askUnmute(source))) show({ text: person.asked(participant.name) });
  };
  const does = (act: () => Promise<void>) => () => void request(act);
  const mute = (source: Source, icon: ReactNode, label: string): Item => ({
    key: `mute-${source}`,
    icon,
    label,
    onSelect: does(() => participant.mute(source)),
  });
  const devices: Item[] = [
    sends(now, 'microphone')
      ? mute('microphone', <MicOff />, person.mute)
      : { key: 'ask-microphone', icon: <Mic />, label: person.askUnmute, onSelect: ask('microphone') },
    sends(now, 'camera')
      ? mute('camera', <VideoOff />, person.cameraOff)
      : { key: 'ask-camera', icon: <Video />, label: person.askCamera, onSelect: ask('camera') },
    ...(sends(now, 'screen') ? [mute('screen', <ScreenShareOff />, person.stopShare)] : []),
  ];
  const attention: Item[] = [
    ...(now.hand > 0
      ? [{ key: 'hand', icon: <Hand />, label: person.lowerHand, onSelect: does(() => participant.lowerHand()) }]
      : []),
    {
      key: 'spotlight',
      icon: <Sparkles />,
      label: spotlit ? person.endSpotlight : person.spotlight,
      onSelect: does(() => room.setSpotlight(spotlit ? null : participant.id)),
    },
  ];
  const roles = ROLES.filter(({ role }) => role !== now.role).map(({ role, icon, word }) => ({
    key: role,
    icon,
    label: person[word],
    onSelect: does(() => participant.setRole(role)),
  }));
  return [
    // A viewer has nothing to be muted, and may not turn anything on.
    [...(now.role === 'viewer' ? [] : devices), ...attention],
    roles,
    [
      {
        key: 'remove',
        icon: <UserRoundX />,
        label: person.remove,
        danger: true,
        onSelect: () => onRemove(participant),
      },
    ],
  ];
}

const sends = ({ publications }: ParticipantSnapshot, wanted: Source): boolean =>
  publications.some(({ source, muted }) => source === wanted && !muted);
