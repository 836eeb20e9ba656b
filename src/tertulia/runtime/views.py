"""Rooms and people as Python code sees them: values that were true when they were read, and the verbs of a room."""

import secrets
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from pycrdt import Doc

from tertulia.core import commands, model
from tertulia.core.chat_changes import Delete, Edit
from tertulia.core.ids import ParticipantId
from tertulia.core.permissions import ordered
from tertulia.errors import Code, ProtocolError, TertuliaError
from tertulia.media.score import Word
from tertulia.runtime import document as runtime
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.event_source import EventName, EventSource
from tertulia.runtime.file_views import Files
from tertulia.runtime.gauge import ParticipantStatistics, Quality
from tertulia.runtime.payload import encoded, parsed
from tertulia.runtime.shared import Shared
from tertulia.runtime.streams import EventStream
from tertulia.wire import native as wire

if TYPE_CHECKING:
    from tertulia.runtime.feed import Feed

RoleName = Literal["viewer", "speaker", "moderator"]
SourceName = Literal["camera", "microphone", "screen", "screen_audio"]

CHAT_CHARACTERS = 10_000
HISTORY_LIMIT = 1000
"""As many as a client may write."""


@dataclass(frozen=True, slots=True)
class Participant:
    """A person as it was when this was read."""

    id: str
    name: str
    role: RoleName
    rights: tuple[str, ...]
    """What it may do, such as `publish:camera`; see the table of tokens."""
    metadata: str
    """Text that its client has given."""
    connected: bool
    """False while its connection is lost and it may still come back."""
    hand: int
    """Place in the order in which hands were raised, smaller is earlier; 0: it is down."""
    connection_quality: Word | None = None
    """excellent, good, poor, or lost: its signalling is. None: it is not known, for it talks directly, or nothing goes or comes yet."""
    connection_score: float | None = None
    """The same from 1 (bad) to 5 (excellent)."""


@dataclass(frozen=True, slots=True)
class Publication:
    """A track that somebody sends, as it was when this was read."""

    id: str
    participant: str
    """Id of its owner."""
    source: SourceName
    kind: Literal["audio", "video"]
    muted: bool
    width: int
    """Pixels, as the height is; 0 where it is not known."""
    height: int


@dataclass(frozen=True, slots=True)
class Message:
    """A chat message. `sender` is None for the server's own; `to` is None for everybody."""

    id: str
    sender: str | None
    name: str
    """The sender's, as it was; empty for the server."""
    text: str
    to: str | None
    time: float
    """Seconds since 1970."""
    number: int = 0
    """Its place in the room's chat: the numbers rise, with gaps."""
    change: int = 0
    """Number of its last change, out of the same row; 0: it is as it was said."""
    edited: float | None = None
    """When its text was changed last, in seconds since 1970."""
    deleted: bool = False
    """Nothing is left of it but this mark."""
    reactions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Signs under it, each with the ids of those who have put it there."""

    @classmethod
    def of(cls, it: model.ChatMessage) -> "Message":
        reactions = tuple((one.reaction, one.by) for one in it.reactions)
        return cls(
            it.id, it.sender, it.name, it.text, it.to, it.time, it.number, it.change, it.edited, it.deleted, reactions
        )


@dataclass(frozen=True, slots=True)
class DataMessage:
    """What a client sent on a topic. `sender` is None for the server's own; `to` is None for all others."""

    sender: str | None
    topic: str
    data: Any
    """A JSON value, or `bytes`."""
    to: str | None


@dataclass(frozen=True, slots=True)
class History:
    """A page of a room's chat."""

    messages: tuple[Message, ...]
    """Oldest first."""
    more: bool
    """There are others beyond these, in the direction that was asked for."""


class Chat:
    """A room's chat."""

    def __init__(self, actor: RoomActor) -> None:
        self._actor = actor

    async def send(self, text: str, *, to: Participant | str | None = None) -> str:
        """Writes as the server, to everybody or to one; the message's id.

        Raises ValueError for a text that is empty or has more than 10 000 characters, TertuliaError with no_such_participant or room_ended.
        """
        _check_text(text)
        recipient = None if to is None else _id(to)
        message = secrets.token_urlsafe(9)
        await _do(self._actor, commands.SendChat(None, message, text, recipient, time.time()))
        return message

    async def edit(self, message: Message | str, text: str) -> None:
        """Gives one of the server's own messages another text. Raises ValueError as `send` does, TertuliaError with no_such_message,
        not_allowed (it is somebody else's), store_failed, room_ended."""
        _check_text(text)
        await self._change(message, Edit(text))

    async def delete(self, message: Message | str) -> None:
        """Anybody's. Raises TertuliaError with no_such_message, store_failed, room_ended."""
        await self._change(message, Delete())

    async def clear(self) -> None:
        """Deletes all that was said so far, private messages too. Raises TertuliaError with store_failed, room_ended."""
        await _do(self._actor, commands.ClearChat(None, time.time()))

    @property
    def read(self) -> dict[str, int]:
        """How far those who are inside have read: the number of a message, by id; who is not in it has read nothing, as far as is known."""
        return dict(self._actor.room.read_marks)

    async def history(
        self,
        *,
        before: int | None = None,
        after: int | None = None,
        changed: int | None = None,
        words: str = "",
        limit: int = 100,
    ) -> "History":
        """What was said, private messages too: the last `limit` (1 to 1,000) messages, or the nearest of numbers below `before` or above
        `after`; or those whose last change has a number above `changed`; with `words` only those that have all of them. Raises
        TertuliaError with store_failed."""
        if not 1 <= limit <= HISTORY_LIMIT:
            raise ValueError(f"a page of history has 1 to {HISTORY_LIMIT} messages")
        page = await self._actor.history(None, before=before, after=after, changed=changed, words=words, limit=limit)
        return History(tuple(map(Message.of, page.messages)), page.more)

    async def _change(self, message: Message | str, what: Edit | Delete) -> None:
        id = message.id if isinstance(message, Message) else message
        await _do(self._actor, commands.ChangeChat(None, id, what, time.time()))


class Document:
    """A document that people write together."""

    def __init__(self, name: str, it: runtime.Document) -> None:
        self.name = name
        self._it = it

    @property
    def doc(self) -> Doc[Any]:
        """It as pycrdt sees it. Ask for it each time: where somebody's update broke it, another one has taken its place."""
        return self._it.doc


class Room(EventSource):
    """A room that is open, seen by the server itself: it may do everything.

    Two of the same room are equal. Every verb raises TertuliaError: with room_ended when the room has ended, and with
    no_such_participant for somebody who is not there. People are given as a `Participant` or by id.
    """

    def __init__(self, actor: RoomActor, feed: "Feed") -> None:
        self._actor = actor
        self._feed = feed
        self.chat = Chat(actor)
        self.shared = Shared(actor)
        self.files = Files(actor)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Room) and other._actor is self._actor

    def __hash__(self) -> int:
        return hash(self._actor)

    def __repr__(self) -> str:
        return f"<Room {self.name!r}, {len(self._actor.room.participants)} inside>"

    # --- what there is ---

    @property
    def name(self) -> str:
        return self._actor.name

    @property
    def participants(self) -> tuple[Participant, ...]:
        """Eldest first."""
        qualities = self._actor.effects.gauge.qualities
        return tuple(participant(who, qualities.get(who.id)) for who in self._actor.room.participants)

    @property
    def waiting(self) -> tuple[Participant, ...]:
        """Who waits to be admitted, the longest first."""
        return tuple(participant(who) for who in self._actor.room.waiting)

    @property
    def publications(self) -> tuple[Publication, ...]:
        """Everybody's tracks, oldest first."""
        return tuple(publication(it) for it in self._actor.room.publications)

    @property
    def locked(self) -> bool:
        """Nobody else comes in, but those who may admit."""
        return self._actor.room.state.locked

    @property
    def waiting_room(self) -> bool:
        """Newcomers wait to be admitted."""
        return self._actor.room.state.waiting_room

    @property
    def spotlight(self) -> str | None:
        """Id of the person whom everybody is shown large."""
        return self._actor.room.state.spotlight

    @property
    def max_participants(self) -> int:
        return self._actor.room.state.max_participants

    @property
    def ended(self) -> bool:
        return self._actor.closed

    @property
    def statistics(self) -> tuple[ParticipantStatistics, ...]:
        """How everybody's media did in the last few seconds, as far as it goes by the server; measured every four."""
        return tuple(self._actor.effects.gauge.latest.values())

    @property
    def presence(self) -> dict[str, Any]:
        """What people say of themselves, by id: a JSON value each. Who has said nothing is not in it."""
        return {who: parsed(state) for who, state in self._actor.room.presence.items()}

    def participant(self, id: str) -> Participant | None:
        """None: nobody of that id is inside."""
        return next((who for who in self.participants if who.id == id), None)

    # --- messages ---

    async def send_data(
        self, topic: str, data: Any, *, to: Participant | str | None = None, latest: bool = False
    ) -> None:
        """Sends a JSON value or bytes to everybody, or to one, as the server. `latest`: only the newest of this topic matters.

        Raises ValueError for a topic that is none of a room's (1 to 64 of `A-Za-z0-9_./:-`, without a slash in front) or more than 16 kB,
        TypeError for what is no JSON.
        """
        try:
            msgspec.convert(topic, wire.Topic)
        except msgspec.ValidationError as error:
            raise ValueError(f"not a topic: {error}") from None
        if topic.startswith("/"):
            raise ValueError("a topic with a slash in front is the server's: publish it there")
        recipient = None if to is None else _id(to)
        await self._do(commands.SendData(None, topic, encoded(data), recipient, latest))

    @asynccontextmanager
    async def document(self, name: str) -> AsyncIterator[Document]:
        """A document of this room that people write together, open as long as the block lasts. What is changed in its `doc` goes to
        them, and is kept; use it from the event loop only.

        Raises ValueError for a name that is none (1 to 64 of `A-Za-z0-9_./:-`), TertuliaError with too_many_documents or store_failed.
        """
        try:
            msgspec.convert(name, wire.DocumentName)
        except msgspec.ValidationError as error:
            raise ValueError(f"not a document: {error}") from None
        async with self._actor.documents.hold(name) as it:
            yield Document(name, it)

    def _stream(self, names: Collection[EventName]) -> EventStream[Any]:
        return self._feed.stream(names, self._actor)

    # --- people ---

    async def admit(self, who: Participant | str) -> None:
        """Lets somebody in who waits. Raises also room_full."""
        await self._do(commands.Admit(None, _id(who)))

    async def deny(self, who: Participant | str) -> None:
        """Sends somebody away who waits."""
        await self._do(commands.Deny(None, _id(who)))

    async def remove(self, who: Participant | str, reason: str = "") -> None:
        """Sends somebody out. `reason` is shown to that person. A token that is still good lets in again."""
        await self._do(commands.Remove(None, _id(who), reason))

    async def mute(self, who: Participant | str, source: SourceName = "microphone") -> None:
        """Mutes somebody; the same person can unmute. Nothing happens where this source is not published."""
        owner = _id(who)
        if self.participant(owner) is None:
            raise ProtocolError(Code.NO_SUCH_PARTICIPANT, f"{owner} is not in the room")
        for track in self._actor.room.publications:
            if track.owner == owner and track.source == source:
                try:
                    await self._do(commands.SetMuted(None, track.id, True))
                except TertuliaError as error:
                    if error.code is not Code.NO_SUCH_PUBLICATION:
                        raise

    async def ask_unmute(self, who: Participant | str, source: Literal["camera", "microphone"] = "microphone") -> None:
        """Asks somebody to turn it on. Raises also invalid for one who may not publish that."""
        await self._do(commands.AskUnmute(None, _id(who), model.Source(source)))

    async def lower_hand(self, who: Participant | str) -> None:
        await self._do(commands.SetHand(None, _id(who), False))

    async def set_role(self, who: Participant | str, role: RoleName) -> None:
        """Gives a role and the rights that come with it. Raises also invalid where an open room would lose its last moderator."""
        await self._do(commands.SetRole(None, _id(who), model.Role(role)))

    async def set_spotlight(self, who: Participant | str | None) -> None:
        """Shows one person large to everybody; None: nobody."""
        await self._do(commands.SetSpotlight(None, None if who is None else _id(who)))

    # --- the room ---

    async def lock(self, locked: bool = True) -> None:
        """Lets nobody else in, or lets people in again."""
        await self._do(commands.SetLocked(None, locked))

    async def set_waiting_room(self, enabled: bool) -> None:
        """Makes newcomers wait to be admitted. Who waits already goes on waiting when it is turned off."""
        await self._do(commands.SetWaitingRoom(None, enabled))

    async def end(self) -> None:
        """Ends it for everybody. Who joins afterwards is in a new room of this name."""
        await self._do(commands.End(None))

    async def _do(self, command: commands.Command) -> None:
        await _do(self._actor, command)


def participant(who: model.Participant, quality: Quality | None = None) -> Participant:
    """As Python code sees it."""
    rights = tuple(right.value for right in ordered(who.rights))
    it = Participant(who.id, who.name, who.role.value, rights, who.metadata, who.connected, who.hand)
    return it if quality is None else with_quality(it, quality)


def with_quality(who: Participant, quality: Quality | None) -> Participant:
    """The same with what is known of his connection now."""
    word, score = (None, None) if quality is None else (quality.word, quality.score)
    return replace(who, connection_quality=word, connection_score=score)


def publication(it: model.Publication) -> Publication:
    """As Python code sees it."""
    return Publication(it.id, it.owner, it.source.value, it.kind.value, it.muted, it.width, it.height)


def _check_text(text: str) -> None:
    if not 1 <= len(text) <= CHAT_CHARACTERS:
        raise ValueError(f"a chat text has 1 to {CHAT_CHARACTERS} characters")


def _id(who: Participant | str) -> ParticipantId:
    return ParticipantId(who.id if isinstance(who, Participant) else who)


async def _do(actor: RoomActor, command: commands.Command) -> None:
    outcome = await actor.request(command)
    if isinstance(outcome, TertuliaError):
        raise outcome
