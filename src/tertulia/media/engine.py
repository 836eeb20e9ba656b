"""The port to media over the compiled engine."""

import asyncio
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from tertulia.errors import Code, ProtocolError, Unavailable
from tertulia.media import extensions
from tertulia.media.addresses import candidates
from tertulia.media.chunked import Chunked, codec_of
from tertulia.media.codecs import Audience, no_audience
from tertulia.media.forwarding import PICTURES, Forwarding, Viewer, audience
from tertulia.media.meter import Meter
from tertulia.media.negotiation import Negotiation, Plan
from tertulia.media.port import (
    NO_KINDS,
    USUAL_SOUND,
    Bound,
    Chunk,
    ChunkCame,
    ChunkCodec,
    Connected,
    ConnectionId,
    ConnectionStatistics,
    Disconnected,
    KeyFrameWanted,
    Kind,
    Listener,
    MediaEvent,
    NeedSections,
    Preference,
    PublicationKey,
    Sound,
    Speakers,
    Wanted,
)
from tertulia.media.roads import Roads
from tertulia.media.sdp_parse import parse
from tertulia.media.sections import Slot, Source
from tertulia.media.streams import Streams

if TYPE_CHECKING:
    from tertulia._media import Engine, Event

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Relay:
    """The TURN server."""

    secret: str = field(repr=False)
    """Credentials are made with it, see `auth.turn`."""
    allocations: int
    per_user: int
    per_address: int
    bytes_per_second: int
    """Of an allocation, each way."""
    allow_peers: Sequence[str] = ()
    """Networks to which it may send besides public addresses, in CIDR notation."""
    realm: str = "tertulia"


def create_engine(
    bind: Sequence[str],
    *,
    workers: int = 1,
    room_share: int | None = None,
    local_only: bool = False,
    gso: bool = True,
    relay: Relay | None = None,
    public: Sequence[str] = (),
    loudest: int | None = None,
    test_commands: bool = False,
) -> "Engine":
    """Binds the sockets and starts the media threads. `room_share`: so many people and subscriptions has a room on one of them before it
    takes another one; None: as many as pay. `relay`: None relays nothing. `public`: addresses at which clients reach us, where no
    interface has them. `loudest`: voices that are passed on at a time in a room with more than twice as many; 0: all.

    Raises OSError when an address ("host:port") cannot be bound.
    """
    # Here and not above: what only plans and parses works without the compiled module.
    from tertulia._media import Engine

    return Engine(
        bind=bind,
        workers=workers,
        room_share=room_share,
        local_only=local_only,
        gso=gso,
        relay=None
        if relay is None
        else {
            "realm": relay.realm,
            "secret": relay.secret,
            "allow_peers": relay.allow_peers,
            "allocations": relay.allocations,
            "per_user": relay.per_user,
            "per_address": relay.per_address,
            "bytes_per_second": relay.bytes_per_second,
        },
        own=public,
        public=public,
        loudest=loudest,
        test_commands=test_commands,
    )


@dataclass(slots=True)
class _Room:
    number: int
    connections: set[int] = field(default_factory=set)
    """By their numbers in the engine."""


@dataclass(frozen=True, slots=True)
class _Call:
    """An offer of ours that waits for its answer. The engine does not know of it yet."""

    room: str
    negotiation: Negotiation
    ufrag: str
    pwd: str


@dataclass(slots=True)
class _Connection:
    """A client's connection, also while it is not open: `number` is then 0, and there is neither `negotiation` nor `chunked`."""

    viewer: Viewer
    number: int = 0
    room: str = ""
    serial: int = 0
    ufrag: str = ""
    pwd: str = ""
    negotiation: Negotiation | None = None
    chunked: Chunked | None = None
    """In the place of a negotiation, where there is no transport."""
    call: _Call | None = None
    member: tuple[str, bool] | None = None
    """Identity, and whether he may send messages on data channels."""
    generation: int = 0
    """Counts transports: events of an older one are not told any more."""

    @property
    def sources(self) -> tuple[Source, ...]:
        opened = self.negotiation or self.chunked
        return () if opened is None else tuple(opened.sources)


@dataclass(frozen=True, slots=True)
class _Queued:
    event: MediaEvent
    connection: _Connection | None = None
    generation: int = 0


@dataclass(slots=True)
class _Outbox:
    """Events wait here for the next turn of the loop, so that an answer is out before what follows from it."""

    listener: Listener | None = None
    events: list[_Queued] = field(default_factory=list)
    scheduled: bool = False


class EngineMedia:
    """Keeps `port.Media`. `roads`: where answers and offers say that we are. `pictures`: as many a connection is asked to receive."""

    def __init__(self, engine: "Engine", *, roads: Roads, pictures: int = PICTURES) -> None:
        self._engine = engine
        self.streams = Streams(engine)
        self._candidates = candidates(roads.udp, roads.tcp)
        self._fingerprint = engine.fingerprint()
        self._ids = itertools.count(1)
        self._rooms: dict[str, _Room] = {}
        self._room_names: dict[int, str] = {}
        self._connections: dict[ConnectionId, _Connection] = {}
        self._numbers: dict[int, _Connection] = {}
        self._chunk_slots: dict[int, ConnectionId] = {}
        """Whose slots they are in which chunks come."""
        self._forwarding = Forwarding(engine, self._emit, pictures=pictures)
        self._meter = Meter(self._connection_id, self._forwarding.source)
        self._outbox = _Outbox()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._workers_lost = 0

    @property
    def udp_port(self) -> int:
        """For media, STUN and TURN; the same on every address, unless that one was taken."""
        return int(self._engine.addresses()[0].rpartition(":")[2])

    def listen(self, listener: Listener) -> None:
        """Begins to read the engine's events in the running event loop."""
        self._outbox.listener = listener
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._engine.event_fd(), self._read_events)

    def answer(
        self,
        connection: ConnectionId,
        room: str,
        serial: int,
        sdp: str,
        publications: Mapping[str, PublicationKey],
        kinds: Mapping[PublicationKey, Kind] = NO_KINDS,
        sound: Sound = USUAL_SOUND,
    ) -> str:
        if serial < 1:
            raise ProtocolError(Code.BAD_OFFER, "serials count from 1")
        entry = self._connections.get(connection)
        if serial == 1:
            return self._open(connection, room, sdp, publications, kinds, sound)
        if entry is None or entry.negotiation is None:
            raise Unavailable(Code.MEDIA_UNAVAILABLE, "the connection is gone: open a new one with serial 1")
        if serial <= entry.serial:
            raise ProtocolError(Code.STALE_OFFER, f"serial {serial} is not above {entry.serial}")
        plan = entry.negotiation.plan(
            parse(sdp), publications, kinds, self._audience(entry.room, connection) if publications else no_audience
        )
        entry.serial = serial
        try:
            if plan.restarts_ice:
                remote = plan.remote
                entry.ufrag, entry.pwd = self._engine.restart_ice(
                    entry.number, ice_ufrag=remote.ufrag, ice_pwd=remote.pwd
                )
            self._carry_out(entry.number, plan)
        except (RuntimeError, ValueError) as error:
            # Half of the plan may have been carried out: only a new connection is sure to be in order.
            _log.exception("the engine refused a planned change", connection=connection)
            self._engine.close(entry.number)
            self._lost(entry, "internal")
            raise Unavailable(Code.MEDIA_UNAVAILABLE, "the media engine cannot take the offer") from error
        answer = entry.negotiation.commit(plan, entry.ufrag, entry.pwd)
        self._forward(entry, plan, entry.negotiation)
        if plan.restarts_ice:
            self._forwarding.refresh(entry.viewer, entry.negotiation.sources)
        return answer

    def _open(
        self,
        connection: ConnectionId,
        room: str,
        sdp: str,
        publications: Mapping[str, PublicationKey],
        kinds: Mapping[PublicationKey, Kind],
        sound: Sound,
    ) -> str:
        negotiation = self._new_negotiation(sound)
        plan = negotiation.plan(
            parse(sdp), publications, kinds, self._audience(room, connection) if publications else no_audience
        )
        entry, old_sources = self._establish(connection, room, plan, negotiation)
        answer = negotiation.commit(plan, entry.ufrag, entry.pwd)
        self._forward(entry, plan, negotiation, old_sources)
        return answer

    def offer(
        self, connection: ConnectionId, room: str, *, audio: bool, video: bool, sound: Sound = USUAL_SOUND
    ) -> str:
        wanted: dict[Kind, bool] = {"audio": audio, "video": video}
        kinds = [kind for kind, asked in wanted.items() if asked]
        if not kinds:
            raise ProtocolError(Code.INVALID, "an offer has sound or pictures")
        call = _Call(room, self._new_negotiation(sound), *self._engine.ice_credentials())
        offer = call.negotiation.propose(kinds, call.ufrag, call.pwd, self._audience(room, connection))
        self._entry(connection).call = call
        return offer

    def accept(
        self,
        connection: ConnectionId,
        sdp: str,
        publications: Mapping[str, PublicationKey],
        kinds: Mapping[PublicationKey, Kind] = NO_KINDS,
    ) -> None:
        entry = self._connections.get(connection)
        call = entry.call if entry else None
        if entry is None or call is None:
            raise ProtocolError(Code.WRONG_ORDER, "there is no offer that waits for an answer")
        plan = call.negotiation.plan_reply(parse(sdp, Code.BAD_ANSWER), publications, kinds)
        # Should the engine refuse: credentials and slots are for one transport, and are not used for another.
        entry.call = None
        entry, old_sources = self._establish(connection, call.room, plan, call.negotiation, (call.ufrag, call.pwd))
        call.negotiation.keep(plan)
        self._forward(entry, plan, call.negotiation, old_sources)

    def _new_negotiation(self, sound: Sound) -> Negotiation:
        return Negotiation(lambda: next(self._ids), self._candidates, self._fingerprint, sound=sound)

    def _establish(
        self,
        connection: ConnectionId,
        room: str,
        plan: Plan,
        negotiation: Negotiation,
        local: tuple[str, str] | None = None,
    ) -> tuple[_Connection, tuple[Source, ...]]:
        """Makes the transport, and gives an older one of that id up; gives what was sent on that one."""
        number = next(self._ids)
        try:
            ufrag, pwd = self._engine.open(
                number,
                room=self._enter_room(room, number),
                ice_ufrag=plan.remote.ufrag,
                ice_pwd=plan.remote.pwd,
                fingerprint=plan.remote.fingerprint,
                dtls_active=plan.dtls_active,
                local=local,
            )
            self._carry_out(number, plan)
        except (RuntimeError, ValueError) as error:
            _log.exception("the engine refused a connection", connection=connection)
            self._engine.close(number)
            self._leave_room(room, number)
            raise Unavailable(Code.MEDIA_UNAVAILABLE, "the media engine cannot take the connection") from error
        # Only now is the older connection given up: had this one failed, it would have gone on.
        entry = self._entry(connection)
        old_sources = entry.sources
        self._replace(entry, number, room)
        entry.serial, entry.negotiation = 1, negotiation
        entry.ufrag, entry.pwd = ufrag, pwd
        self._introduce(entry)
        return entry, old_sources

    def _replace(self, entry: _Connection, number: int, room: str) -> None:
        """Has an entry stand for a connection that the engine has opened."""
        self._end_transport(entry)
        entry.number, entry.room, entry.call = number, room, None
        entry.generation += 1
        self._numbers[number] = entry

    def open_chunked(self, connection: ConnectionId, room: str, codecs: Iterable[ChunkCodec]) -> None:
        number = next(self._ids)
        self._engine.open_chunked(number, room=self._enter_room(room, number))
        entry = self._entry(connection)
        old_sources = entry.sources
        self._replace(entry, number, room)
        entry.chunked = Chunked(lambda: next(self._ids), codecs)
        self._forwarding.change_sources(connection, old_sources, ())
        self._add_chunk_slots(entry, entry.chunked.first_slots())

    def chunk(self, connection: ConnectionId, publication: PublicationKey, kind: Kind, chunk: Chunk) -> None:
        entry = self._connections.get(connection)
        if entry is None or entry.chunked is None:
            raise ProtocolError(Code.WRONG_ORDER, "media of this connection does not come as chunks")
        source, is_new = entry.chunked.take(publication, kind, chunk)
        if is_new:
            self._add_source(entry.number, source)
            self._forwarding.change_sources(connection, (), (source,))
        self._engine.chunk(source.id, key=chunk.key, time=chunk.time, bytes=chunk.bytes, level=chunk.level)

    def refresh(self, connection: ConnectionId, publication: PublicationKey) -> None:
        entry = self._connections.get(connection)
        subscription = None if entry is None else entry.viewer.subscriptions.get(publication)
        if subscription is not None and subscription.slot is not None:
            self._engine.refresh_slot(subscription.slot.id)

    def _grow(self, entry: _Connection, generation: int, wanted: NeedSections) -> None:
        """More places for what somebody receives as chunks."""
        if entry.chunked is None or entry.generation != generation:
            return
        self._add_chunk_slots(entry, entry.chunked.grow({"audio": wanted.audio, "video": wanted.video}))

    def _add_chunk_slots(self, entry: _Connection, slots: Iterable[Slot]) -> None:
        for slot in slots:
            self._add_slot(entry.number, slot)
            self._chunk_slots[slot.id] = entry.viewer.id
        self._forwarding.change_slots(entry.viewer, () if entry.chunked is None else entry.chunked.slots)

    def _forward(
        self, entry: _Connection, plan: Plan, negotiation: Negotiation, old_sources: tuple[Source, ...] = ()
    ) -> None:
        self._forwarding.change_sources(entry.viewer.id, (*old_sources, *plan.removed_sources), plan.added_sources)
        self._forwarding.change_slots(entry.viewer, tuple(negotiation.slots))

    def _carry_out(self, number: int, plan: Plan) -> None:
        # Removals first: what is added may use their MIDs and SSRCs again.
        for source in plan.removed_sources:
            self._engine.remove_source(source.id)
        for slot in plan.removed_slots:
            self._engine.remove_slot(slot.id)
        for source in plan.added_sources:
            self._add_source(number, source)
        for slot in plan.added_slots:
            self._add_slot(number, slot)

    def _add_source(self, number: int, source: Source) -> None:
        self._engine.add_source(
            number,
            source.id,
            kind=source.kind,
            codec=source.key.name,
            mid=source.mid,
            clock_rate=source.clock_rate,
            payload_type=source.payload_type,
            rtx_payload_type=source.rtx_payload_type,
            red_payload_type=source.red_payload_type,
            nack=source.nack,
            extensions=extensions.ids(source.extensions),
            encodings=[
                {"rid": encoding.rid, "ssrc": encoding.ssrc, "rtx_ssrc": encoding.rtx_ssrc}
                for encoding in source.encodings
            ],
        )

    def _add_slot(self, number: int, slot: Slot) -> None:
        self._engine.add_slot(
            number,
            slot.id,
            kind=slot.kind,
            mid=slot.mid,
            ssrc=slot.ssrc,
            rtx_ssrc=slot.rtx_ssrc,
            transport_cc=slot.transport_cc,
            extensions=extensions.ids(slot.extensions),
        )

    def member(self, connection: ConnectionId, identity: str, sends: bool) -> None:
        entry = self._entry(connection)
        if entry.member != (identity, sends):
            entry.member = (identity, sends)
            self._introduce(entry)

    def _introduce(self, entry: _Connection) -> None:
        if entry.member is not None and entry.number:
            self._engine.member(entry.number, *entry.member)

    def subscribe(self, connection: ConnectionId, publication: PublicationKey, kind: Kind) -> None:
        self._forwarding.subscribe(self._entry(connection).viewer, publication, kind)

    def unsubscribe(self, connection: ConnectionId, publication: PublicationKey) -> None:
        entry = self._connections.get(connection)
        if entry is not None:
            self._forwarding.unsubscribe(entry.viewer, publication)

    def prefer(self, connection: ConnectionId, publication: PublicationKey, preference: Preference) -> None:
        entry = self._connections.get(connection)
        if entry is not None:
            self._forwarding.prefer(entry.viewer, publication, preference)

    def forbid(self, publication: PublicationKey, forbidden: bool) -> None:
        self._forwarding.forbid(publication, forbidden)

    def favour(self, publication: PublicationKey, favoured: bool) -> None:
        self._forwarding.favour(publication, favoured)

    def spoke(self, publication: PublicationKey) -> None:
        self._forwarding.spoke(publication)

    def withdraw(self, publication: PublicationKey) -> None:
        owner = self._forwarding.owner(publication)
        source = self._forwarding.withdraw(publication)
        if source is None:
            return
        self._engine.remove_source(source.id)
        entry = None if owner is None else self._connections.get(owner)
        opened = None if entry is None else entry.negotiation or entry.chunked
        if opened is not None:
            opened.drop_source(source)

    def close(self, connection: ConnectionId) -> None:
        entry = self._connections.pop(connection, None)
        if entry is None:
            return
        sources = entry.sources
        self._end_transport(entry)
        self._forwarding.forget(entry.viewer)
        self._forwarding.change_sources(connection, sources, ())

    def counters(self) -> Mapping[str, int]:
        return {**self._engine.counters(), "workers_lost": self._workers_lost}

    def statistics(self) -> Iterator[ConnectionStatistics]:
        return self._meter.read(self._engine.statistics())

    def crash(self, worker: int) -> None:
        """Test only: panics a worker. Raises RuntimeError unless the engine was made with `test_commands`."""
        self._engine.crash(None, worker)

    def stop(self) -> None:
        if self._loop is not None:
            self._loop.remove_reader(self._engine.event_fd())
            self._loop = None
        self._outbox.listener = None
        self._engine.stop()

    # Connections

    def _entry(self, connection: ConnectionId) -> _Connection:
        if connection not in self._connections:
            self._connections[connection] = _Connection(Viewer(connection))
        return self._connections[connection]

    def _connection_id(self, number: int) -> ConnectionId | None:
        entry = self._numbers.get(number)
        return None if entry is None else entry.viewer.id

    def _end_transport(self, entry: _Connection) -> None:
        """Ends it in the engine, with its slots and sources, and forgets its slots here; sources are the caller's to forget."""
        if entry.number:
            self._engine.close(entry.number)
            self._forget_transport(entry)

    def _forget_transport(self, entry: _Connection) -> None:
        self._numbers.pop(entry.number, None)
        self._leave_room(entry.room, entry.number)
        for slot in () if entry.chunked is None else entry.chunked.slots:
            self._chunk_slots.pop(slot.id, None)
        entry.number, entry.serial, entry.negotiation, entry.chunked = 0, 0, None, None
        self._forwarding.lose_slots(entry.viewer)

    def _lost(self, entry: _Connection, reason: str) -> None:
        """The transport ended on the engine's side."""
        sources = entry.sources
        self._forget_transport(entry)
        self._forwarding.change_sources(entry.viewer.id, sources, ())
        self._emit(entry.viewer.id, Disconnected(entry.viewer.id, reason))

    def _enter_room(self, name: str, number: int) -> int:
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = _Room(next(self._ids))
            self._room_names[room.number] = name
        room.connections.add(number)
        return room.number

    def _leave_room(self, name: str, number: int) -> None:
        room = self._rooms[name]
        room.connections.discard(number)
        if not room.connections:
            del self._rooms[name]
            del self._room_names[room.number]

    def _audience(self, name: str, sender: ConnectionId) -> Audience:
        """Those who receive in a room, without the sender."""
        room = self._rooms.get(name)
        entries = (self._numbers.get(number) for number in room.connections) if room else ()
        return audience(entry.viewer for entry in entries if entry is not None and entry.viewer.id != sender)

    # Events

    def _read_events(self) -> None:
        for event in self._engine.poll_events():
            self._handle(event)

    def _handle(self, event: "Event") -> None:
        match event:
            case ("connected", number):
                entry = self._numbers.get(number)
                if entry is not None:
                    self._emit(entry.viewer.id, Connected(entry.viewer.id))
            case ("disconnected", number, reason):
                entry = self._numbers.get(number)
                if entry is not None:
                    self._lost(entry, reason)
            case ("worker_lost", worker, numbers):
                self._workers_lost += 1
                _log.error("a media worker was lost", worker=worker, connections=len(numbers))
                for entry in [self._numbers[number] for number in numbers if number in self._numbers]:
                    self._lost(entry, "worker_lost")
            case ("source_payload", source, payload_type):
                self._switch(source, payload_type)
            case ("chunk", slot, source, key, time, octets):
                self._came(slot, source, key, time, octets)
            case ("key_frame_wanted", source):
                sent = self._forwarding.sent(source)
                if sent is not None:
                    self._emit(sent[0], KeyFrameWanted(sent[0], sent[1].publication))
            case ("encodings", source, mask):
                self._wanted(source, mask)
            case ("speakers", room, levels):
                self._speakers(room, levels)
            case ("http", descriptor, remote, local):
                self.streams.handle_http(descriptor, remote, local)
            case ("log", level, message):
                log = {"error": _log.error, "warning": _log.warning}.get(level, _log.info)
                log("media engine", message=message)
            case _:
                pass  # source_started, layer, starved: statistics tell what comes of them

    def _came(self, slot: int, number: int, key: bool, time: int, octets: bytes) -> None:
        """Something for somebody who receives chunks. What was bound in the slot before may still have been under way."""
        connection, source = self._chunk_slots.get(slot), self._forwarding.source(number)
        entry = None if connection is None else self._connections.get(connection)
        codec = None if source is None else codec_of(source)
        if entry is None or source is None or codec is None or entry.viewer.taken.get(slot) != source.publication:
            return
        viewer = entry.viewer.id
        self._emit(viewer, ChunkCame(viewer, source.publication, Chunk(codec, key, time, octets)))

    def _switch(self, number: int, payload_type: int) -> None:
        """A client sends a source in another of the codecs that were agreed upon."""
        sent = self._forwarding.sent(number)
        entry = self._connections.get(sent[0]) if sent else None
        if sent is None or entry is None or entry.negotiation is None:
            return
        _, before = sent
        after = entry.negotiation.switch(before, payload_type)
        if after is None:
            return
        self._engine.remove_source(before.id)
        self._add_source(entry.number, after)
        self._forwarding.change_sources(entry.viewer.id, (before,), (after,))

    def _wanted(self, number: int, mask: int) -> None:
        """Somebody watches these encodings of a source: a bit for each, the lowest first. One without a name is all that there is."""
        sent = self._forwarding.sent(number)
        if sent is None:
            return
        owner, source = sent
        rids = [(index, encoding.rid) for index, encoding in enumerate(source.encodings) if encoding.rid is not None]
        if rids:
            watched = tuple(rid for index, rid in rids if mask >> index & 1)
            self._emit(owner, Wanted(owner, source.publication, watched))

    def _speakers(self, room: int, levels: Sequence[tuple[int, int]]) -> None:
        name = self._room_names.get(room)
        if name is None:
            return
        known = ((self._forwarding.publication(source), level) for source, level in levels)
        spoken = tuple((publication, level) for publication, level in known if publication is not None)
        self._queue(_Queued(Speakers(name, spoken)))

    def _emit(self, connection: ConnectionId, event: MediaEvent) -> None:
        entry = self._connections.get(connection)
        if entry is None:
            return
        if entry.chunked is not None and isinstance(event, Bound | NeedSections):
            # There are no sections: each chunk says what it is of, and places are made here. Not at once, for they are being looked at.
            if isinstance(event, NeedSections):
                asyncio.get_running_loop().call_soon(self._grow, entry, entry.generation, event)
            return
        self._queue(_Queued(event, entry, entry.generation))

    def _queue(self, queued: _Queued) -> None:
        self._outbox.events.append(queued)
        if not self._outbox.scheduled:
            self._outbox.scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._outbox.scheduled = False
        events, self._outbox.events = self._outbox.events, []
        for queued in events:
            entry = queued.connection
            # The listener may close a connection while we go through the list: look each time.
            if entry is not None and (
                self._connections.get(entry.viewer.id) is not entry or queued.generation != entry.generation
            ):
                continue
            if self._outbox.listener is not None:
                self._outbox.listener(queued.event)
