import {
  type CSSProperties,
  type Dispatch,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import type { Participant, ParticipantSnapshot, Room } from 'tertulia-client';
import { useWords } from '../../i18n/index.tsx';
import { Button } from '../../parts/Button.tsx';
import type { OwnDevices } from '../media/own.ts';
import { useRoomValue } from '../useRoomValue.ts';
import { samePin, type View, type ViewAction } from '../view.ts';
import { castOf, floatingOf, handQueue, largeOf, type Member } from './cast.ts';
import { type Corner, type Layout, layOut, type Scene } from './layout.ts';
import { neighbour } from './neighbour.ts';
import { Pager } from './Pager.tsx';
import { Reactions } from './Reactions.tsx';
import { Sounds } from './Sounds.tsx';
import styles from './Stage.module.css';
import { Tile } from './Tile.tsx';
import { useBox } from './useBox.ts';
import { useFloor } from './useFloor.ts';
import { useMarks } from './useMarks.ts';
import { useOrder } from './useOrder.ts';
import { usePeople } from './usePeople.ts';
import { usePinned } from './usePinned.ts';
import { useUnseen } from './useUnseen.ts';

interface StageProps {
  room: Room;
  devices: OwnDevices;
  view: View;
  dispatch: Dispatch<ViewAction>;
  /** What a person's menu offers besides pinning, as menu items. */
  menuFor?: (participant: Participant) => ReactNode;
}

/** So many tiles stay mounted off stage, so that coming back costs nothing; phones allow only some forty players in a page. */
const KEPT = 30;
const CORNERS: readonly Corner[] = ['bottom-end', 'bottom-start', 'top-start', 'top-end'];

/** Everybody in the call, with their sound. Fills its parent. Which tile is where comes from `layout.ts` alone. */
export function Stage({ room, devices, view, dispatch, menuFor }: StageProps) {
  const { stage: words } = useWords();
  const list = useRef<HTMLUListElement>(null);
  const people = usePeople(room);
  const { members, large, floating, spotlight, first } = useCast(room, people, view);
  const [corner, setCorner] = useState<Corner>('bottom-end');
  const [page, setPage] = useState(0);
  const [stop, setStop] = useState<string | null>(null);
  const box = useBox(list);
  const hands = useMemo(() => handQueue(people), [people]);

  const largeIndex = members.findIndex(({ key }) => key === large);
  const layout = useLayout({
    box,
    count: members.length,
    large: largeIndex === -1 ? null : largeIndex,
    shape: shapeOf(members[largeIndex]),
    floating,
    floatingShape: shapeOf(members[floating ?? -1]),
    corner,
    page,
  });
  useEffect(() => {
    const faces = members.filter(({ source }) => source === 'camera').length;
    first.current = Math.max(1, Math.ceil(faces / layout.pages));
  });
  useMarks(room, list);

  const isKept = (index: number) => index < KEPT || layout.places[index] !== null;
  useUnseen(
    room,
    members.filter((_, index) => !isKept(index)),
  );
  const pinned = members.find(({ person, source }) => samePin(view.pin, { participant: person.id, source }));
  usePinned(room, pinned && !pinned.person.local ? (pinned.picture?.id ?? null) : null);
  const onCorner = useCallback(
    (next: Corner | 'next') =>
      setCorner((last) => (next === 'next' ? (CORNERS[(CORNERS.indexOf(last) + 1) % CORNERS.length] as Corner) : next)),
    [],
  );
  const items = useLatest(menuFor ?? noItems);
  const stopHere = members.some(({ key }, index) => key === stop && layout.places[index])
    ? stop
    : (members.find((_, index) => layout.places[index])?.key ?? null);

  return (
    <section className={styles.stage} aria-label={words.people}>
      <ul ref={list} className={styles.tiles} onKeyDown={moveFocus}>
        {members.map(
          ({ key, person, source, picture }, index) =>
            isKept(index) && (
              <Tile
                key={key}
                room={room}
                person={person}
                source={source}
                picture={picture}
                place={layout.places[index] ?? null}
                hand={hands.get(person.id) ?? 0}
                pinned={key === large && samePin(view.pin, { participant: person.id, source })}
                spotlit={person.id === spotlight && source === 'camera'}
                starting={person.local && source === 'camera' && devices.camera.state === 'starting'}
                stop={key === stopHere}
                onFocus={setStop}
                onCorner={onCorner}
                dispatch={dispatch}
                menuFor={items}
              />
            ),
        )}
      </ul>
      {layout.pager && (
        <div className={styles.pager} style={rectangle(layout.pager)}>
          <Pager page={layout.page} pages={layout.pages} onPage={setPage} />
        </div>
      )}
      {members.length === 0 && view.hideSelf && (
        <div className={styles.empty}>
          <p>{words.empty}</p>
          <p className={styles.hint}>{words.emptyHint}</p>
          <Button look="plain" onClick={() => dispatch({ type: 'hide-self', hidden: false })}>
            {words.showSelf}
          </Button>
        </div>
      )}
      <Reactions room={room} />
      <Sounds people={people} />
    </section>
  );
}

/** Who is on stage in which order, and who of them is large or floats. */
function useCast(room: Room, people: readonly ParticipantSnapshot[], view: View) {
  const everybody = useMemo(() => castOf(people, false), [people]);
  const faces = useMemo(() => everybody.filter(({ source }) => source === 'camera').map(({ key }) => key), [everybody]);
  const { order, first } = useOrder(room, faces);
  const members = useMemo(() => {
    const screens = everybody.filter(({ source }) => source === 'screen');
    const byKey = new Map(everybody.map((member) => [member.key, member]));
    const ordered = order.flatMap((key) => byKey.get(key) ?? []);
    return [...screens, ...ordered.filter(({ person }) => !(view.hideSelf && person.local))];
  }, [everybody, order, view.hideSelf]);

  const shares = useShares(members);
  const spotlight = useRoomValue(room, ({ info }) => info?.spotlight ?? null);
  const speaker = useFloor(room, view.layout === 'speaker');
  const large = largeOf(members, { view, spotlight, shares, speaker });
  return { members, large, floating: floatingOf(members, view, large), spotlight, first };
}

/** Keys of the screens that others share, the newest last. */
function useShares(members: readonly Member[]): readonly string[] {
  const [known, setKnown] = useState<readonly string[]>([]);
  const now = members.filter(({ source, person }) => source === 'screen' && !person.local).map(({ key }) => key);
  const next = [...known.filter((key) => now.includes(key)), ...now.filter((key) => !known.includes(key))];
  if (next.join() !== known.join()) setKnown(next);
  return next;
}

/** The same places as long as the numbers are the same, so that tiles that do not move are not rendered. */
function useLayout({ box, count, large, shape, floating, floatingShape, corner, page }: Scene): Layout {
  const { width, height } = box;
  return useMemo(
    () => layOut({ box: { width, height }, count, large, shape, floating, floatingShape, corner, page }),
    [width, height, count, large, shape, floating, floatingShape, corner, page],
  );
}

/** A function that is the same from render to render and calls the newest. */
function useLatest<A, R>(newest: (argument: A) => R): (argument: A) => R {
  const latest: RefObject<(argument: A) => R> = useRef(newest);
  useEffect(() => {
    latest.current = newest;
  });
  return useCallback((argument) => latest.current(argument), []);
}

const noItems = () => null;

function shapeOf(member: Member | undefined): number {
  const { width = 0, height = 0 } = member?.picture ?? {};
  return width > 0 && height > 0 ? width / height : 16 / 9;
}

const rectangle = ({
  x,
  y,
  width,
  height,
}: {
  x: number;
  y: number;
  width: number;
  height: number;
}): CSSProperties => ({
  transform: `translate(${x}px, ${y}px)`,
  width,
  height,
});

/** Arrow keys go to the nearest tile in their direction, Home and End to the first and the last. */
function moveFocus(event: KeyboardEvent<HTMLUListElement>): void {
  const { target, key, currentTarget } = event;
  if (!(target instanceof HTMLElement) || target.parentElement !== currentTarget) return;
  const tiles = [...currentTarget.querySelectorAll<HTMLElement>('[data-tile]:not([hidden])')];
  const index = neighbour(
    tiles.map((tile) => tile.getBoundingClientRect()),
    tiles.indexOf(target),
    key,
  );
  const next = index === null ? null : tiles[index];
  if (!next) return;
  event.preventDefault();
  event.stopPropagation();
  next.focus();
}
