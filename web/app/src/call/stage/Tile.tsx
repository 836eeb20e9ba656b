import { AudioLines, Ellipsis, EyeOff, Hand, Maximize, MicOff, Move, Pin, PinOff, Star } from 'lucide-react';
import { type CSSProperties, type Dispatch, memo, type ReactNode, type RefObject, useRef } from 'react';
import type { Participant, ParticipantSnapshot, PublicationSnapshot, Room } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { Avatar } from '../../parts/Avatar.tsx';
import { IconButton } from '../../parts/IconButton.tsx';
import { Menu, MenuItem, MenuSeparator } from '../../parts/Menu.tsx';
import { Video } from '../../parts/Video.tsx';
import type { ViewAction } from '../view.ts';
import { type Member, publicationOf } from './cast.ts';
import { type Corner, fills, type Place } from './layout.ts';
import { OwnShare } from './OwnShare.tsx';
import styles from './Tile.module.css';
import { useCornerDrag } from './useCornerDrag.ts';
import { useZoom } from './useZoom.ts';

interface Props {
  room: Room;
  person: ParticipantSnapshot;
  source: Member['source'];
  picture: PublicationSnapshot | null;
  /** Null: off stage, but kept, so that coming back costs nothing. */
  place: Place | null;
  /** Place in the queue of raised hands; 0 while it is down. */
  hand: number;
  pinned: boolean;
  spotlit: boolean;
  /** One's own camera is about to start. */
  starting: boolean;
  /** Where Tab stops: at one tile of all. */
  stop: boolean;
  /** The same functions from render to render. */
  onFocus: (key: string) => void;
  onCorner: (corner: Corner | 'next') => void;
  dispatch: Dispatch<ViewAction>;
  menuFor: (participant: Participant) => ReactNode;
}

const WIDE = 16 / 9;

/** A person, or what a person shares. Who speaks and who has a poor connection is marked from outside, by `useMarks`. */
export const Tile = memo(function Tile(props: Props) {
  const { room, person, source, picture, place, hand, pinned, spotlit, starting, stop, onFocus, onCorner, dispatch } =
    props;
  const { stage: words } = useWords();
  const tile = useRef<HTMLLIElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const screen = source === 'screen';
  const ownShare = screen && person.local;
  const floating = place?.part === 'floating';
  const zoom = useZoom(tile, frame, screen && !ownShare && place?.part === 'large');
  useCornerDrag(tile, floating, onCorner);

  const microphone = publicationOf(person, 'microphone');
  const muted = microphone?.muted ?? true;
  const away = !person.connected;
  const pin = () => dispatch({ type: 'pin', pin: { participant: person.id, source } });
  const shownName = screen
    ? person.local
      ? words.yourScreen
      : words.screenOf(person.name)
    : person.local
      ? words.you(person.name)
      : person.name;

  return (
    // biome-ignore-start lint/a11y/noNoninteractiveTabindex: a stop for the keyboard, which moves from tile to tile with the arrow keys
    <li
      ref={tile}
      className={styles.tile}
      style={styleOf(place)}
      hidden={!place}
      tabIndex={stop ? 0 : -1}
      aria-label={words.tile({ name: person.name, own: person.local, screen, muted, hand, away, pinned, spotlit })}
      data-tile={`${person.id}/${source}`}
      data-part={place?.part}
      {...(!screen && { 'data-participant': person.id })}
      onFocus={(event) => event.target === tile.current && onFocus(`${person.id}/${source}`)}
      onDoubleClick={({ target }) => {
        if (ownShare || !isPicture(target, tile.current)) return;
        if (zoom.enlarged) zoom.reset();
        else pin();
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || event.target !== tile.current || ownShare) return;
        event.stopPropagation();
        pin();
      }}
    >
      {/* biome-ignore-end lint/a11y/noNoninteractiveTabindex: see above */}
      {ownShare ? (
        <OwnShare room={room} />
      ) : (
        <>
          {!screen && <Avatar name={person.name} />}
          <Picture room={room} person={person} source={source} picture={picture} place={place} frame={frame} />
        </>
      )}
      <span className={styles.label}>
        <AudioLines className={styles.voice} aria-hidden="true" />
        {!screen && muted && <MicOff role="img" aria-label={words.microphoneOff} />}
        {pinned && <Pin role="img" aria-label={words.pinned} />}
        {spotlit && <Star role="img" aria-label={words.spotlit} />}
        <bdi className={styles.name}>{shownName}</bdi>
      </span>
      <span className={styles.marks}>
        {hand > 0 && !screen && (
          <span className={styles.hand} role="img" aria-label={words.hand(hand)}>
            <Hand aria-hidden="true" />
            {hand}
          </span>
        )}
        {!screen && (
          <span className={styles.quality} role="img" data-quality="" hidden>
            <Bars />
          </span>
        )}
      </span>
      {away && <span className={styles.away}>{words.away}</span>}
      {starting && <span className={styles.away}>{words.starting}</span>}
      {!ownShare && (
        <Actions
          {...props}
          pin={pin}
          enlarged={zoom.enlarged}
          onWhole={zoom.reset}
          onMove={floating ? () => onCorner('next') : null}
        />
      )}
    </li>
  );
});

/** Not a button on the tile, nor a menu, which lies elsewhere in the document. */
const isPicture = (target: EventTarget, tile: HTMLElement | null): boolean =>
  target instanceof Element && tile?.contains(target) === true && !target.closest('button');

/** The sign for reception, with one bar of three. */
const Bars = () => (
  <svg viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
    <rect x="1" y="10" width="4" height="5" rx="1" />
    <rect x="6" y="6" width="4" height="9" rx="1" opacity="0.4" />
    <rect x="11" y="2" width="4" height="13" rx="1" opacity="0.4" />
  </svg>
);

function styleOf(place: Place | null): CSSProperties {
  if (!place) return {};
  return { transform: `translate(${place.x}px, ${place.y}px)`, width: place.width, height: place.height };
}

interface PictureProps extends Pick<Props, 'room' | 'person' | 'source' | 'picture' | 'place'> {
  frame: RefObject<HTMLDivElement | null>;
}

function Picture({ room, person, source, picture, place, frame }: PictureProps) {
  if (!picture || picture.muted) return null;
  const shape = picture.width > 0 && picture.height > 0 ? picture.width / picture.height : WIDE;
  const fit = source === 'screen' ? styles.screen : place && !fills(shape, place.width / place.height) && styles.whole;
  // A camera that looks away from the person shows the world, which is not mirrored.
  const mirrored = person.local && picture.track?.getSettings?.().facingMode !== 'environment';
  return (
    <div ref={frame} className={styles.frame}>
      <Video
        stream={picture.stream}
        followed={room.participants.get(person.id)?.publication(source) ?? undefined}
        mirrored={mirrored}
        className={`${styles.video} ${fit || ''}`}
      />
    </div>
  );
}

interface ActionsProps extends Props {
  pin: () => void;
  enlarged: boolean;
  onWhole: () => void;
  /** Null where the tile does not float. */
  onMove: (() => void) | null;
}

function Actions({
  room,
  person,
  source,
  pinned,
  stop,
  pin,
  enlarged,
  onWhole,
  onMove,
  dispatch,
  menuFor,
}: ActionsProps) {
  const { stage: words } = useWords();
  const tabIndex = stop ? 0 : -1;
  const own = person.local && source === 'camera';
  const participant = room.participants.get(person.id);
  return (
    <span className={styles.actions}>
      {enlarged && (
        <IconButton label={words.wholePicture} side="bottom" tabIndex={tabIndex} onClick={onWhole}>
          <Maximize />
        </IconButton>
      )}
      {onMove ? (
        <IconButton label={words.moveSelf} side="bottom" tabIndex={tabIndex} onClick={onMove}>
          <Move />
        </IconButton>
      ) : (
        <IconButton label={pinned ? words.unpin : words.pin} side="bottom" tabIndex={tabIndex} onClick={pin}>
          {pinned ? <PinOff /> : <Pin />}
        </IconButton>
      )}
      <Menu
        side="bottom"
        align="end"
        trigger={
          <IconButton label={words.more(person.name)} side="bottom" tabIndex={tabIndex}>
            <Ellipsis />
          </IconButton>
        }
      >
        <MenuItem icon={pinned ? <PinOff /> : <Pin />} onSelect={pin}>
          {pinned ? words.unpin : words.pin}
        </MenuItem>
        {own && (
          <MenuItem icon={<EyeOff />} onSelect={() => dispatch({ type: 'hide-self', hidden: true })}>
            {words.hideSelf}
          </MenuItem>
        )}
        {participant && <PersonItems participant={participant} menuFor={menuFor} />}
      </Menu>
    </span>
  );
}

/** Asked for only when the menu opens. */
function PersonItems({ participant, menuFor }: Pick<Props, 'menuFor'> & { participant: Participant }) {
  const items = menuFor(participant);
  return (
    items && (
      <>
        <MenuSeparator />
        {items}
      </>
    )
  );
}
