"""What is left of a room and its sessions when the server stops, as bytes for the store; see docs/design/live-data.md."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

import msgspec

from tertulia.core.ids import ParticipantId
from tertulia.core.image import RoomImage
from tertulia.net import Binary, OutboxImage
from tertulia.runtime.seat import Seat
from tertulia.topic_rule import NO_GRANTS, TopicGrants

FORMAT: Final = 1
"""Grows with each change after which an older image means something else: one of another format is thrown away."""


@dataclass(frozen=True, slots=True)
class SessionImage:
    """What a session needs to be resumed in another process."""

    id: str
    token_digests: tuple[bytes, ...]
    """SHA-256 of each token that resumes it: who reads the image can resume nothing."""
    accepted: int
    """Highest request id that was carried out."""
    outbox: OutboxImage
    grants: TopicGrants = NO_GRANTS
    topics: tuple[tuple[str, float], ...] = ()
    """Patterns of the server's topics that it subscribed to, and at which pace (`every`)."""


@runtime_checkable
class LastingSeat(Seat, Protocol):
    """A session that can be resumed in another process."""

    @property
    def lasts(self) -> bool:
        """Whether its client could come back to it now."""

    def freeze(self) -> SessionImage:
        """From now on it says nothing more, until `thaw`."""

    def thaw(self) -> None:
        """The image was of no use."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A room that has stopped without a word to anybody."""

    room: RoomImage
    seats: Mapping[ParticipantId, LastingSeat]
    sessions: Mapping[ParticipantId, SessionImage]


class _Outbox(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Messages by their places among the texts of the room: a message to a hundred people is there once."""

    seq: int
    forgotten: int
    written: list[int]
    waiting: list[tuple[int, str | None]]


class _Session(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    id: str
    token_digests: tuple[bytes, ...]
    accepted: int
    outbox: _Outbox
    grants: TopicGrants
    topics: tuple[tuple[str, float], ...]


class _Packed(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    room: RoomImage
    sessions: dict[ParticipantId, _Session]
    texts: list[tuple[bool, bytes]]
    """Each with whether it is a binary frame."""


class _Envelope(msgspec.Struct, frozen=True, array_like=True):
    format: int
    content: msgspec.Raw


def pack(room: RoomImage, sessions: Mapping[ParticipantId, SessionImage]) -> bytes:
    places: dict[tuple[bool, bytes], int] = {}

    def place(body: bytes) -> int:
        return places.setdefault((isinstance(body, Binary), bytes(body)), len(places))

    packed = {who: _pack_session(session, place) for who, session in sessions.items()}
    content = msgspec.msgpack.encode(_Packed(room, packed, list(places)))
    return msgspec.msgpack.encode(_Envelope(FORMAT, msgspec.Raw(content)))


def unpack(image: bytes) -> tuple[RoomImage, dict[ParticipantId, SessionImage]]:
    """Raises ValueError for what is no image of this version."""
    try:
        envelope = msgspec.msgpack.decode(image, type=_Envelope)
        if envelope.format != FORMAT:
            raise ValueError(f"an image of format {envelope.format}, not {FORMAT}")
        packed = msgspec.msgpack.decode(envelope.content, type=_Packed)
        bodies = [Binary(text) if is_binary else text for is_binary, text in packed.texts]
        sessions = {who: _unpack_session(session, bodies) for who, session in packed.sessions.items()}
    except (msgspec.DecodeError, IndexError) as error:
        raise ValueError(f"no image: {error}") from error
    if {who.id for who in packed.room.people} != sessions.keys():
        raise ValueError("an image of other people than those with a session")
    return packed.room, sessions


def _pack_session(session: SessionImage, place: Callable[[bytes], int]) -> _Session:
    it = session.outbox
    waiting = [(place(body), key) for body, key in it.waiting]
    outbox = _Outbox(it.seq, it.forgotten, [place(body) for body in it.written], waiting)
    return _Session(session.id, session.token_digests, session.accepted, outbox, session.grants, session.topics)


def _unpack_session(session: _Session, bodies: list[bytes]) -> SessionImage:
    it = session.outbox
    waiting = tuple((bodies[place], key) for place, key in it.waiting)
    outbox = OutboxImage(it.seq, it.forgotten, tuple(bodies[place] for place in it.written), waiting)
    return SessionImage(session.id, session.token_digests, session.accepted, outbox, session.grants, session.topics)
