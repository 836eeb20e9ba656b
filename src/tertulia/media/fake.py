"""A `Media` without media, for tests of what stands above it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tertulia.errors import Code, ProtocolError, TertuliaError, Unavailable
from tertulia.media.port import (
    NO_KINDS,
    USUAL_SOUND,
    Bound,
    Chunk,
    ChunkCodec,
    Connected,
    ConnectionId,
    ConnectionStatistics,
    Disconnected,
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


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the port: the method's name and its arguments in order."""

    name: str
    arguments: tuple[Any, ...]


class FakeMedia:
    """Keeps `port.Media`: records calls, answers every offer alike, takes every answer, and raises the events that a test asks for.

    It keeps the rules about serials; nothing else happens by itself.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.serials: dict[ConnectionId, int] = {}
        self.chunked: set[ConnectionId] = set()
        """Those that were opened without a transport."""
        self.offered: dict[ConnectionId, tuple[str, ...]] = {}
        """The kinds in our offer to each connection whose answer has not come."""
        self.publications: dict[ConnectionId, dict[str, PublicationKey]] = {}
        """By mid, as the last offer or answer of each connection named them."""
        self.sounds: dict[ConnectionId, Sound] = {}
        """As each connection was opened."""
        self.subscriptions: dict[ConnectionId, dict[PublicationKey, Kind]] = {}
        self.members: dict[ConnectionId, tuple[str, bool]] = {}
        """Identity, and whether he may send messages."""
        self.forbidden: set[PublicationKey] = set()
        self.next_error: TertuliaError | None = None
        """Raised by the next `answer`, `offer` or `accept`, once."""
        self.totals: dict[str, int] = {}
        self.measured: list[ConnectionStatistics] = []
        """What the next look at the statistics finds."""
        self.stopped = False
        self._listener: Listener | None = None

    def named(self, name: str) -> list[tuple[Any, ...]]:
        """The arguments of all calls of a method."""
        return [call.arguments for call in self.calls if call.name == name]

    # The port

    def listen(self, listener: Listener) -> None:
        self._listener = listener

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
        self.calls.append(Call("answer", (connection, room, serial, sdp, dict(publications))))
        self._fail_once()
        if serial < 1:
            raise ProtocolError(Code.BAD_OFFER, "serials count from 1")
        if serial > 1:
            if connection not in self.serials:
                raise Unavailable(Code.MEDIA_UNAVAILABLE, "the connection is gone: open a new one with serial 1")
            if serial <= self.serials[connection]:
                raise ProtocolError(Code.STALE_OFFER, f"serial {serial} is not above {self.serials[connection]}")
        self.serials[connection] = serial
        self.publications[connection] = dict(publications)
        if serial == 1:
            self.sounds[connection] = sound
            self.chunked.discard(connection)
            self.offered.pop(connection, None)
        return f"v=0 fake {connection} {serial}"

    def offer(
        self, connection: ConnectionId, room: str, *, audio: bool, video: bool, sound: Sound = USUAL_SOUND
    ) -> str:
        self.calls.append(Call("offer", (connection, room, audio, video)))
        self._fail_once()
        kinds = (*(["audio"] if audio else []), *(["video"] if video else []))
        if not kinds:
            raise ProtocolError(Code.INVALID, "an offer has sound or pictures")
        self.offered[connection] = kinds
        self.sounds[connection] = sound
        return f"v=0 fake offer {connection} {' '.join(kinds)}"

    def accept(
        self,
        connection: ConnectionId,
        sdp: str,
        publications: Mapping[str, PublicationKey],
        kinds: Mapping[PublicationKey, Kind] = NO_KINDS,
    ) -> None:
        self.calls.append(Call("accept", (connection, sdp, dict(publications))))
        self._fail_once()
        if connection not in self.offered:
            raise ProtocolError(Code.WRONG_ORDER, "there is no offer that waits for an answer")
        del self.offered[connection]
        self.serials[connection] = 1
        self.publications[connection] = dict(publications)

    def open_chunked(self, connection: ConnectionId, room: str, codecs: Iterable[ChunkCodec]) -> None:
        self.calls.append(Call("open_chunked", (connection, room, tuple(codecs))))
        self._fail_once()
        self.serials.pop(connection, None)
        self.offered.pop(connection, None)
        self.chunked.add(connection)

    def chunk(self, connection: ConnectionId, publication: PublicationKey, kind: Kind, chunk: Chunk) -> None:
        self.calls.append(Call("chunk", (connection, publication, kind, chunk)))
        self._fail_once()
        if connection not in self.chunked:
            raise ProtocolError(Code.WRONG_ORDER, "media of this connection does not come as chunks")

    def refresh(self, connection: ConnectionId, publication: PublicationKey) -> None:
        self.calls.append(Call("refresh", (connection, publication)))

    def member(self, connection: ConnectionId, identity: str, sends: bool) -> None:
        self.calls.append(Call("member", (connection, identity, sends)))
        self.members[connection] = (identity, sends)

    def subscribe(self, connection: ConnectionId, publication: PublicationKey, kind: Kind) -> None:
        self.calls.append(Call("subscribe", (connection, publication, kind)))
        self.subscriptions.setdefault(connection, {})[publication] = kind

    def unsubscribe(self, connection: ConnectionId, publication: PublicationKey) -> None:
        self.calls.append(Call("unsubscribe", (connection, publication)))
        self.subscriptions.get(connection, {}).pop(publication, None)

    def prefer(self, connection: ConnectionId, publication: PublicationKey, preference: Preference) -> None:
        self.calls.append(Call("prefer", (connection, publication, preference)))

    def forbid(self, publication: PublicationKey, forbidden: bool) -> None:
        self.calls.append(Call("forbid", (publication, forbidden)))
        (self.forbidden.add if forbidden else self.forbidden.discard)(publication)

    def favour(self, publication: PublicationKey, favoured: bool) -> None:
        self.calls.append(Call("favour", (publication, favoured)))

    def spoke(self, publication: PublicationKey) -> None:
        self.calls.append(Call("spoke", (publication,)))

    def withdraw(self, publication: PublicationKey) -> None:
        self.calls.append(Call("withdraw", (publication,)))
        self.forbidden.discard(publication)
        for wanted in self.subscriptions.values():
            wanted.pop(publication, None)

    def close(self, connection: ConnectionId) -> None:
        self.calls.append(Call("close", (connection,)))
        for table in (self.serials, self.offered, self.publications, self.sounds, self.subscriptions, self.members):
            table.pop(connection, None)
        self.chunked.discard(connection)

    def counters(self) -> Mapping[str, int]:
        return dict(self.totals)

    def statistics(self) -> Iterable[ConnectionStatistics]:
        measured, self.measured = self.measured, []
        return measured

    def stop(self) -> None:
        self.stopped = True

    def _fail_once(self) -> None:
        error, self.next_error = self.next_error, None
        if error is not None:
            raise error

    # What a test makes happen

    def raise_event(self, event: MediaEvent) -> None:
        """Tells the listener, at once."""
        if self._listener is None:
            raise RuntimeError("nobody listens")
        self._listener(event)

    def connect(self, connection: ConnectionId) -> None:
        self.raise_event(Connected(connection))

    def disconnect(self, connection: ConnectionId, reason: str = "consent_expired") -> None:
        self.serials.pop(connection, None)
        self.publications.pop(connection, None)
        self.raise_event(Disconnected(connection, reason))

    def bind(self, connection: ConnectionId, mid: str, publication: PublicationKey | None) -> None:
        self.raise_event(Bound(connection, mid, publication))

    def need_sections(self, connection: ConnectionId, audio: int, video: int) -> None:
        self.raise_event(NeedSections(connection, audio, video))

    def want(self, connection: ConnectionId, publication: PublicationKey, *encodings: str) -> None:
        self.raise_event(Wanted(connection, publication, encodings))

    def speak(self, room: str, *levels: tuple[PublicationKey, int]) -> None:
        self.raise_event(Speakers(room, levels))
