"""Who receives what: sources, subscriptions and the receiving sections that they meet in.

A subscription waits until its publication has a source and its connection a slot of that kind whose client can decode the source. A slot
is free when nothing is in it; one whose picture is not shown gives way to one that is; and where a viewer has as many as he may, who spoke
earlier gives way to who spoke later.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import structlog

from tertulia.media.codecs import Audience, CodecKey, Payload, decodes, payload_for
from tertulia.media.port import Bound, ConnectionId, Kind, MediaEvent, NeedSections, Preference, PublicationKey
from tertulia.media.sections import Slot, Source
from tertulia.media.wishes import Wish, wish_of

if TYPE_CHECKING:
    from tertulia._media import Engine

MAX_POOL: Final = 100
"""Receiving sections of one kind that we ask a client for: two such pools stay below the limits of an offer."""
PICTURES: Final = 32
"""As many pictures are asked for at most, unless the house says otherwise: a page of tiles, a screen and those who have just spoken."""
_FIRST_POOL: Final[dict[Kind, int]] = {"audio": 3, "video": 4}

_USUAL: Final = Preference()
"""Of all subscriptions of which nothing else was said."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Subscription:
    """A wish to receive, and where it is met at present."""

    publication: PublicationKey
    kind: Kind
    preference: Preference = _USUAL
    slot: Slot | None = None
    payload: Payload | None = None
    unplayable: bool = False
    """The client cannot decode it; said once in the log."""

    @property
    def is_shown(self) -> bool:
        """Sound always is."""
        return self.kind == "audio" or self.preference.visible


@dataclass(slots=True)
class Viewer:
    """What a connection receives. Outlives the transport: subscriptions wait for the next one."""

    id: ConnectionId
    subscriptions: dict[PublicationKey, Subscription] = field(default_factory=dict)
    slots: tuple[Slot, ...] = ()
    decodable: frozenset[CodecKey] = frozenset()
    """What it can be given in one of the slots."""
    taken: dict[int, PublicationKey] = field(default_factory=dict)
    """What the slots carry, by their ids."""
    paused: set[int] = field(default_factory=set)
    wishes: dict[int, Wish] = field(default_factory=dict)
    """What the engine was told of the slots, by their ids; it remembers that of an empty one."""
    asked: bool = False
    """More sections were asked for since the last offer."""
    open: bool = False


class Forwarding:
    """Binds sources to slots, and says so."""

    def __init__(
        self, engine: "Engine", emit: Callable[[ConnectionId, MediaEvent], None], *, pictures: int = PICTURES
    ) -> None:
        self._engine = engine
        self._emit = emit
        self._most: dict[Kind, int] = {"audio": MAX_POOL, "video": min(pictures, MAX_POOL)}
        self._sources: dict[PublicationKey, Source] = {}
        self._publications: dict[int, PublicationKey] = {}
        self._owners: dict[PublicationKey, ConnectionId] = {}
        self._viewers: dict[PublicationKey, dict[ConnectionId, Viewer]] = {}
        self._forbidden: set[PublicationKey] = set()
        self._favoured: set[PublicationKey] = set()
        self._turns = itertools.count(1)
        self._spoke: dict[PublicationKey, int] = {}
        """Whose owner spoke later has a higher number."""

    def publication(self, source: int) -> PublicationKey | None:
        """The publication of a source that is still there."""
        return self._publications.get(source)

    def owner(self, publication: PublicationKey) -> ConnectionId | None:
        """By which connection it comes, where it has a source."""
        return self._owners.get(publication)

    def source(self, number: int) -> Source | None:
        """A source that is still there."""
        known = self.sent(number)
        return None if known is None else known[1]

    def sent(self, source: int) -> tuple[ConnectionId, Source] | None:
        """Who sends a source that is still there, and what it is."""
        publication = self._publications.get(source)
        known = self._sources.get(publication) if publication is not None else None
        # A publication that has just moved to another connection may be known by two sources for a moment.
        return (self._owners[known.publication], known) if known is not None and known.id == source else None

    # Sources

    def change_sources(self, owner: ConnectionId, removed: Iterable[Source], added: Sequence[Source]) -> None:
        """What `owner` sends has changed; the engine knows the added ones. A publication in both goes on in the same places."""
        replaced = {source.publication for source in added}
        for source in added:
            self._sources[source.publication] = source
            self._publications[source.id] = source.publication
            self._owners[source.publication] = owner
            if source.publication in self._forbidden:
                self._engine.enable_source(source.id, False)
            if source.publication in self._favoured:
                self._engine.favour_source(source.id, True)
        for source in removed:
            self._publications.pop(source.id, None)
            if self._sources.get(source.publication) == source:
                del self._sources[source.publication]
                self._owners.pop(source.publication, None)
                self._unbind_everywhere(source.publication)
        for publication in replaced:
            for viewer in list(self._viewers.get(publication, {}).values()):
                self._rebind(viewer, viewer.subscriptions[publication])
                self.fill(viewer)

    def withdraw(self, publication: PublicationKey) -> Source | None:
        """Forgets a publication and all subscriptions to it; gives the source that it had."""
        source = self._sources.pop(publication, None)
        if source is not None:
            self._publications.pop(source.id, None)
        self._owners.pop(publication, None)
        self._forbidden.discard(publication)
        self._favoured.discard(publication)
        self._spoke.pop(publication, None)
        viewers = self._viewers.pop(publication, {}).values()
        for viewer in viewers:
            self._release(viewer, viewer.subscriptions.pop(publication))
        for viewer in viewers:
            self.fill(viewer)
        return source

    def forbid(self, publication: PublicationKey, forbidden: bool) -> None:
        if forbidden == (publication in self._forbidden):
            return
        if forbidden:
            self._forbidden.add(publication)
        else:
            self._forbidden.discard(publication)
        source = self._sources.get(publication)
        if source is not None:
            self._engine.enable_source(source.id, not forbidden)

    def favour(self, publication: PublicationKey, favoured: bool) -> None:
        if favoured == (publication in self._favoured):
            return
        (self._favoured.add if favoured else self._favoured.discard)(publication)
        source = self._sources.get(publication)
        if source is not None:
            self._engine.favour_source(source.id, favoured)

    def spoke(self, publication: PublicationKey) -> None:
        self._spoke[publication] = next(self._turns)
        for viewer in self._viewers.get(publication, {}).values():
            if viewer.subscriptions[publication].slot is None:
                self.fill(viewer)

    # Subscriptions

    def subscribe(self, viewer: Viewer, publication: PublicationKey, kind: Kind) -> None:
        if publication not in viewer.subscriptions:
            viewer.subscriptions[publication] = Subscription(publication, kind)
            self._viewers.setdefault(publication, {})[viewer.id] = viewer
            self.fill(viewer)

    def unsubscribe(self, viewer: Viewer, publication: PublicationKey) -> None:
        subscription = viewer.subscriptions.pop(publication, None)
        if subscription is not None:
            self._forget_viewer(viewer, publication)
            self._release(viewer, subscription)
            self.fill(viewer)

    def prefer(self, viewer: Viewer, publication: PublicationKey, preference: Preference) -> None:
        subscription = viewer.subscriptions.get(publication)
        if subscription is not None:
            is_news = preference.visible != subscription.preference.visible or subscription.slot is None
            subscription.preference = preference
            self._tell_wish(viewer, subscription)
            # A thousand viewers hear of each change of speaker: most of them have all that they want.
            if is_news:
                self.fill(viewer)

    # Slots

    def change_slots(self, viewer: Viewer, slots: Sequence[Slot]) -> None:
        """After each answer: the connection's slots from now on. Those that are missing are gone or their section is inactive."""
        viewer.open = True
        viewer.asked = False
        viewer.slots = tuple(slots)
        viewer.decodable = frozenset(payload.key for slot in slots for payload in slot.payloads)
        by_id = {slot.id: slot for slot in slots}
        for subscription in viewer.subscriptions.values():
            subscription.unplayable = False
            if subscription.slot is None:
                continue
            slot = by_id.get(subscription.slot.id)
            if slot is None:
                self._release(viewer, subscription)
            elif slot != subscription.slot:
                subscription.slot = slot
                self._rebind(viewer, subscription)
        self.fill(viewer)

    def refresh(self, viewer: Viewer, sources: Iterable[Source]) -> None:
        """Its network was away. What was lost meanwhile nobody repeats, so pictures begin anew: those that it is shown, and `sources`,
        its own."""
        shown = [
            self._sources.get(publication) for slot, publication in viewer.taken.items() if slot not in viewer.paused
        ]
        for source in (*sources, *shown):
            if source is not None and source.kind == "video":
                self._engine.request_key_frame(source.id)

    def lose_slots(self, viewer: Viewer) -> None:
        """The transport is gone and its slots with it; nothing needs to be said about them."""
        viewer.open = viewer.asked = False
        viewer.slots = ()
        viewer.decodable = frozenset()
        viewer.taken.clear()
        viewer.paused.clear()
        viewer.wishes.clear()
        for subscription in viewer.subscriptions.values():
            subscription.slot = subscription.payload = None

    def forget(self, viewer: Viewer) -> None:
        """The connection is closed for good."""
        self.lose_slots(viewer)
        for publication in viewer.subscriptions:
            self._forget_viewer(viewer, publication)
        viewer.subscriptions.clear()

    def fill(self, viewer: Viewer) -> None:
        """Binds what waits, the most important first and of equals the oldest wish; asks for sections where there are too few."""
        if not viewer.open:
            return
        waiting = [
            (subscription, source)
            for subscription in viewer.subscriptions.values()
            if subscription.slot is None
            and not subscription.unplayable
            and (source := self._sources.get(subscription.publication)) is not None
        ]
        if not waiting:
            return
        waiting.sort(key=lambda each: self._rank(each[0]), reverse=True)
        lacking: Counter[Kind] = Counter()
        fitting: dict[CodecKey, Sequence[tuple[Slot, Payload]]] = {}
        for subscription, source in waiting:
            if source.kind != subscription.kind:
                self._give_up(viewer, subscription, "its section is of another kind")
                continue
            if source.key not in fitting:
                fitting[source.key] = _fitting(viewer, source)
            choices = fitting[source.key]
            chosen = self._choose(viewer, source, [choice for choice in choices if choice[0].id not in viewer.taken])
            chosen = chosen or self._take_from_another(viewer, subscription, choices)
            if chosen is not None:
                self._bind(viewer, subscription, source, *chosen)
            elif not choices and any(slot.kind == source.kind for slot in viewer.slots):
                self._give_up(viewer, subscription, f"the client cannot decode {source.key.name}")
            elif subscription.is_shown:
                lacking[source.kind] += 1
        if lacking and not viewer.asked:
            self._ask(viewer, lacking)

    def _rank(self, subscription: Subscription) -> tuple[bool, int, int]:
        """What has a higher one goes first."""
        spoke = self._spoke.get(subscription.publication, 0)
        return subscription.is_shown, subscription.preference.priority, spoke

    def _take_from_another(
        self, viewer: Viewer, subscription: Subscription, choices: Sequence[tuple[Slot, Payload]]
    ) -> tuple[Slot, Payload] | None:
        """Empties the slot of what is not shown, or of what matters less where the viewer has all the slots that he may have."""
        if not choices or not subscription.is_shown:
            return None
        held = {slot.id: viewer.subscriptions[viewer.taken[slot.id]] for slot, _ in choices}
        chosen = min(choices, key=lambda choice: self._rank(held[choice[0].id]))
        holder = held[chosen[0].id]
        if holder.is_shown:
            slots = sum(slot.kind == subscription.kind for slot in viewer.slots)
            if slots < self._most[subscription.kind] or self._rank(holder) >= self._rank(subscription):
                return None
        # What comes in its place is told at once: that says it, too.
        holder.slot = holder.payload = None
        del viewer.taken[chosen[0].id]
        return chosen

    def _choose(
        self, viewer: Viewer, source: Source, free: Sequence[tuple[Slot, Payload]]
    ) -> tuple[Slot, Payload] | None:
        """The best of the free slots: sound and picture of one person go into one stream, because browsers keep only the tracks of a
        stream in step. Failing that, a stream in which nobody else is."""
        owner = self._owners.get(source.publication)
        company = {
            slot.stream: self._owners.get(publication)
            for slot in viewer.slots
            if (publication := viewer.taken.get(slot.id)) is not None
        }

        def rank(choice: tuple[Slot, Payload]) -> int:
            stream = choice[0].stream
            if stream not in company:
                return 1
            return 0 if company[stream] == owner else 2

        return min(free, key=rank, default=None)

    def _ask(self, viewer: Viewer, lacking: Counter[Kind]) -> None:
        totals = Counter(slot.kind for slot in viewer.slots)
        wanted = {kind: _grown(kind, totals[kind], lacking[kind], most) for kind, most in self._most.items()}
        if any(wanted[kind] > totals[kind] for kind in lacking):
            viewer.asked = True
            self._emit(viewer.id, NeedSections(viewer.id, wanted["audio"], wanted["video"]))

    def _give_up(self, viewer: Viewer, subscription: Subscription, reason: str) -> None:
        subscription.unplayable = True
        _log.warning(
            "subscription cannot be met", connection=viewer.id, publication=subscription.publication, reason=reason
        )

    def _bind(self, viewer: Viewer, subscription: Subscription, source: Source, slot: Slot, payload: Payload) -> None:
        subscription.slot, subscription.payload = slot, payload
        viewer.taken[slot.id] = subscription.publication
        self._tell_wish(viewer, subscription)
        self._engine_bind(slot, source, payload)
        self._emit(viewer.id, Bound(viewer.id, slot.mid, subscription.publication))

    def _rebind(self, viewer: Viewer, subscription: Subscription) -> None:
        """The source or the payload types in a slot changed; the client hears nothing of it if it can go on."""
        source = self._sources.get(subscription.publication)
        subscription.unplayable = False
        if subscription.slot is None or source is None:
            return
        payload = payload_for(source.key, subscription.slot.payloads) if source.kind == subscription.kind else None
        if payload is None:
            self._release(viewer, subscription)
        else:
            subscription.payload = payload
            self._engine_bind(subscription.slot, source, payload)

    def _engine_bind(self, slot: Slot, source: Source, payload: Payload) -> None:
        self._engine.bind(
            slot.id,
            source.id,
            payload_type=payload.payload_type,
            rtx_payload_type=payload.rtx_payload_type,
            red_payload_type=payload.red_payload_type,
        )

    def _release(self, viewer: Viewer, subscription: Subscription) -> None:
        slot, subscription.slot, subscription.payload = subscription.slot, None, None
        if slot is not None:
            viewer.taken.pop(slot.id, None)
            self._engine.bind(slot.id, None)
            self._emit(viewer.id, Bound(viewer.id, slot.mid, None))

    def _unbind_everywhere(self, publication: PublicationKey) -> None:
        viewers = list(self._viewers.get(publication, {}).values())
        for viewer in viewers:
            self._release(viewer, viewer.subscriptions[publication])
            self.fill(viewer)

    def _tell_wish(self, viewer: Viewer, subscription: Subscription) -> None:
        """How its picture is shown. A slot without a viewer's eyes on it sends nothing; sound goes on."""
        slot = subscription.slot
        if slot is None or slot.kind != "video":
            return
        wish = wish_of(subscription.preference)
        if wish != viewer.wishes.get(slot.id, Wish()):
            viewer.wishes[slot.id] = wish
            self._engine.wish(slot.id, priority=wish.priority, pixels=wish.pixels, detail=wish.detail)
        paused = not subscription.preference.visible
        if paused != (slot.id in viewer.paused):
            (viewer.paused.add if paused else viewer.paused.discard)(slot.id)
            self._engine.pause_slot(slot.id, paused)

    def _forget_viewer(self, viewer: Viewer, publication: PublicationKey) -> None:
        viewers = self._viewers.get(publication, {})
        viewers.pop(viewer.id, None)
        if not viewers:
            self._viewers.pop(publication, None)


def audience(viewers: Iterable[Viewer]) -> Audience:
    """Those of the viewers who have a place to receive in."""
    # In a large room most are alike.
    groups = Counter(viewer.decodable for viewer in viewers if viewer.decodable)

    def count(source: CodecKey) -> int:
        return sum(size for keys, size in groups.items() if any(decodes(key, source) for key in keys))

    return count


def _fitting(viewer: Viewer, source: Source) -> list[tuple[Slot, Payload]]:
    """The slots in which the client can decode a source."""
    return [
        (slot, payload)
        for slot in viewer.slots
        if slot.kind == source.kind and (payload := payload_for(source.key, slot.payloads)) is not None
    ]


def _grown(kind: Kind, total: int, lacking: int, most: int) -> int:
    """The pool doubles until it is large enough, so that a growing room asks seldom."""
    if lacking == 0:
        return total
    wanted = total * 2 or _FIRST_POOL[kind]
    while wanted < total + lacking:
        wanted *= 2
    return max(total, min(wanted, most))
