"""What a program says to a room."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tertulia.client.chat import Chat, ChatStream
from tertulia.client.data import DataStream, encoded
from tertulia.client.events import Event, EventStream
from tertulia.client.files import Files
from tertulia.client.media import Media
from tertulia.client.requests import Reply
from tertulia.client.room import Room
from tertulia.client.session import Session, Status
from tertulia.client.shared import Shared
from tertulia.client.topics import Topic
from tertulia.errors import Code, ProtocolError, TertuliaError, UserError
from tertulia.wire import native

if TYPE_CHECKING:
    from tertulia.client.documents import Document

LEAVE_WITHIN = 2.0
"""Seconds that a farewell may take."""


class Client:
    """Somebody in a room.

    After a loss the session is resumed by itself, and requests that did not arrive are sent again, so that each is carried out once. Where
    that cannot be, the room is joined anew: open requests then raise `session_gone`, publications are gone, and `Joined` comes as an event.

    All requests raise TertuliaError with the code that the server gave, and wait through a loss: bound them by `asyncio.timeout`.
    Use it from one event loop only.
    """

    def __init__(
        self,
        url: str,
        *,
        room: str,
        name: str,
        token: str | None = None,
        identity: str | None = None,
        p2p: bool = False,
        auto_subscribe: bool = True,
        role: native.Role | None = None,
        metadata: str = "",
        connect_timeout: float = 10.0,
    ) -> None:
        """`url` is the server's (http:, https:, with a mount prefix if any) or that of its WebSocket. `token` is a JWT.

        `p2p`: whether the caller can exchange media directly with another person. `role`: to come as less than the server would grant.
        `connect_timeout` in seconds, for each attempt.
        """
        join = native.Join(
            id=1,
            room=room,
            name=name,
            token=token,
            identity=identity,
            p2p=p2p,
            auto_subscribe=auto_subscribe,
            role=role,
            metadata=metadata,
        )
        self._session = Session(url, join, connect_timeout=connect_timeout)
        self.shared = Shared(lambda: self.room, self.request)
        """What everybody in the room shares: keys, values, versions."""
        self.files = Files(self, url)
        self.media = Media(self)
        """Media by the socket, without WebRTC."""
        self._task: asyncio.Task[None] | None = None
        self.chat = Chat(self)
        """What is said in the room, and what one says oneself."""

    async def __aenter__(self) -> "Client":
        """Joins. Raises TertuliaError where the server refuses, OSError where it isn't reached."""
        try:
            await self.open()
            await self.admitted()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leaves."""
        await self.close()

    async def open(self) -> Status:
        """Connects; returns `Status.JOINED`, or `Status.WAITING` where a moderator has to let one in. Raises as `async with` does."""
        if self._task is None:
            self._task = asyncio.create_task(self._session.run(), name="tertulia.client")
        await self._session.until(lambda: self.status in (Status.WAITING, Status.JOINED))
        return self.status

    async def admitted(self) -> None:
        """Waits until the room is joined. Raises TertuliaError with `denied`, for one."""
        await self._session.until(lambda: self.status is Status.JOINED)

    async def close(self) -> None:
        """Leaves if it can within two seconds, and drops the connection. May be called twice."""
        if self._task is None:
            return
        task, session = self._task, self._session
        try:
            if self.status is Status.JOINED:
                with contextlib.suppress(TertuliaError, TimeoutError):
                    async with asyncio.timeout(LEAVE_WITHIN):
                        await self.leave()
        finally:
            task.cancel()
            await asyncio.wait([task])
        session.end(UserError(Code.LEFT, "the client was closed"))  # where the task never began

    # --- what is ---

    @property
    def status(self) -> Status:
        return self._session.status

    @property
    def error(self) -> TertuliaError | OSError | None:
        """Why the session ended, when it has."""
        return self._session.error

    @property
    def room(self) -> Room:
        """The room as the last event left it. Raises ProtocolError before it is joined."""
        if self._session.room is None:
            raise ProtocolError(Code.WRONG_ORDER, "not joined yet")
        return self._session.room

    @property
    def identity(self) -> str:
        return self.room.you.id

    @property
    def round_trip_time(self) -> float | None:
        """How long a message to the server and its answer took last, in seconds, by the heartbeats; None as long as it is not known."""
        return self._session.round_trip_time

    def events(self, *types: type[Event], limit: int = 1024) -> EventStream[Event]:
        """What the server says from now on, of these types; without any, everything. At most `limit` wait to be read."""
        return self._session.events.stream(types or (native.Message,), limit)  # type: ignore[arg-type]

    def messages(self, *, limit: int = 1024) -> ChatStream:
        """The same as `chat.messages`."""
        return self.chat.messages(limit=limit)

    async def chat_history(
        self, *, before: int | None = None, after: int | None = None, words: str = "", limit: int = 100
    ) -> native.ChatPage:
        """The same as `chat.history`."""
        return await self.chat.history(before=before, after=after, words=words, limit=limit)

    def data(self, topic: str, *, limit: int = 1024) -> DataStream:
        """What the others send on this topic from now on. At most `limit` wait to be read."""
        received = self._session.events.stream((native.DataReceived,), limit, lambda event: event.topic == topic)
        return DataStream(received)

    async def until(self, condition: Callable[["Client"], bool], timeout: float | None = None) -> None:
        """Returns when the condition holds; it is looked at after each message. Raises TimeoutError, or what ended the session."""
        async with asyncio.timeout(timeout):
            await self._session.until(lambda: condition(self))

    async def ended(self) -> TertuliaError | OSError:
        """Waits for the end of the session and says why it came."""
        await self._session.until(lambda: self.status is Status.ENDED and self.error is not None)
        assert self.error
        return self.error

    def reconnect(self) -> None:
        """Drops the socket and resumes on a new one at once; for when the network has changed."""
        self._session.reconnect()

    # --- requests ---

    async def request(self, make: Callable[[int], native.Message], reply: type[Reply]) -> Reply:
        """Any request: `make` gets the id. For messages that have no method of their own."""
        return await self._session.requests.ask(make, reply)

    async def say(self, message: native.MediaChunk) -> None:
        """What has no reply, and is not said again: nothing where there is no socket at present."""
        await self._session.say(message)

    async def _do(self, make: Callable[[int], native.Message]) -> None:
        await self.request(make, native.Ok)

    async def leave(self) -> None:
        """Ends the session; returns when the server said `bye`."""
        await self._farewell(lambda n: native.Leave(id=n), Code.LEFT)

    async def send_data(self, topic: str, data: Any, *, to: str | None = None, latest: bool = False) -> None:
        """The app's own message, to all others or to one: bytes, or what can be JSON. It does not come back.

        `latest`: only the newest of this topic matters; one that still waits for a slow receiver may be replaced by it.
        """
        body, encoding = encoded(data)

        def make(n: int) -> native.Message:
            return native.Data(id=n, topic=topic, data=body, encoding=encoding, to=to, latest=latest)

        await self._do(make)

    async def set_presence(self, state: Any) -> None:
        """Says something of oneself to the others, such as a cursor: JSON of at most 4 KiB, in place of the one before; None: nothing.
        `room.presence` has everybody's. It is said again where the room is joined anew. TypeError for what JSON has no form for."""
        json = msgspec.Raw(msgspec.json.encode(state))
        self._session.presence = None if state is None else json
        await self._do(lambda n: native.PresenceSet(id=n, state=json))

    def topic(self, name: str) -> Topic:
        """A topic of the server (`/quotes/AAPL`), or a branch of them (`/quotes/*`), in whatever room one is."""
        return Topic(name, self._session, self.request)

    async def document(self, name: str) -> "Document":
        """A document of the room that people write together, as it is now: 1 to 64 of `A-Za-z0-9_./:-`. Close it in the end.

        Raises TertuliaError: `malformed`, `too_many_documents`, `store_failed`. Writing takes the right `data`.
        """
        # Not at the top: who writes none does without Yjs.
        from tertulia.client.documents import Document

        document = Document(self, name)
        try:
            await document.synced()
        except BaseException:
            await document.close()
            raise
        return document

    async def react(self, reaction: str) -> None:
        """A sign to everybody that passes, such as an emoji. It comes back as `Reaction`."""
        await self._do(lambda n: native.React(id=n, reaction=reaction))

    async def raise_hand(self, raised: bool = True) -> None:
        """One's own; `room.you.hand` says its place in the order."""
        await self._do(lambda n: native.Hand(id=n, raised=raised))

    async def publish(
        self, source: native.Source, kind: native.Kind, *, muted: bool = False, width: int = 0, height: int = 0
    ) -> native.Publication:
        """Announces a track (size in pixels); media follows by an `offer` that names its id."""

        def make(n: int) -> native.Message:
            return native.Publish(id=n, source=source, kind=kind, muted=muted, width=width, height=height)

        return (await self.request(make, native.Published)).publication

    async def unpublish(self, publication: str) -> None:
        await self._do(lambda n: native.Unpublish(id=n, publication=publication))
        # Only the others get an event.
        self.room.apply(native.PublicationRemoved(participant=self.identity, publication=publication))

    async def mute(self, publication: str, muted: bool = True) -> None:
        """One's own, either way; somebody else's: moderators, and only to mute."""
        await self._do(lambda n: native.Mute(id=n, publication=publication, muted=muted))

    async def subscribe(self, publication: str) -> None:
        await self._do(lambda n: native.Subscribe(id=n, publication=publication))

    async def unsubscribe(self, publication: str) -> None:
        await self._do(lambda n: native.Unsubscribe(id=n, publication=publication))

    async def prefer(
        self,
        publication: str,
        *,
        visible: bool = True,
        width: int = 0,
        height: int = 0,
        layer: native.Layer = "auto",
        pinned: bool = False,
    ) -> None:
        """How a received video is shown (size in pixels), so that no more is sent than is seen. `pinned`: chosen, so that it comes before
        others where not all of them fit."""

        def make(n: int) -> native.Message:
            return native.Prefer(
                id=n,
                publication=publication,
                visible=visible,
                width=width,
                height=height,
                layer=layer,
                pinned=pinned,
            )

        await self._do(make)

    async def offer_to_server(self, serial: int, sdp: str, publications: Mapping[str, str]) -> str:
        """Negotiates the connection to the server: its answer. `publications`: id by mid of each sending section.

        `serial` counts from 1 within one connection; 1 means a new one.
        """
        to = native.SERVER

        def make(n: int) -> native.Message:
            return native.Offer(id=n, to=to, serial=serial, sdp=sdp, publications=dict(publications))

        return (await self.request(make, native.Answered)).sdp

    async def offer(self, to: str, serial: int, sdp: str, publications: Mapping[str, str]) -> None:
        """To a person, relayed; the answer comes as `PeerAnswer`."""

        def make(n: int) -> native.Message:
            return native.Offer(id=n, to=to, serial=serial, sdp=sdp, publications=dict(publications))

        await self._do(make)

    async def answer(self, to: str, serial: int, sdp: str, publications: Mapping[str, str]) -> None:
        """To a person's offer with this serial."""

        def make(n: int) -> native.Message:
            return native.Answer(id=n, to=to, serial=serial, sdp=sdp, publications=dict(publications))

        await self._do(make)

    async def candidate(
        self,
        to: str,
        candidate: str,
        *,
        sdp_mid: str | None = None,
        sdp_m_line_index: int | None = None,
        username_fragment: str | None = None,
    ) -> None:
        """A trickled ICE candidate; an empty one ends them."""

        def make(n: int) -> native.Message:
            return native.Candidate(
                id=n,
                to=to,
                candidate=candidate,
                sdp_mid=sdp_mid,
                sdp_m_line_index=sdp_m_line_index,
                username_fragment=username_fragment,
            )

        await self._do(make)

    async def topology_ready(self, epoch: int) -> None:
        """Everything received comes by the new road of this epoch."""
        await self._do(lambda n: native.TopologyReady(id=n, epoch=epoch))

    async def road_failed(self, epoch: int) -> None:
        """The direct connection of this epoch doesn't come about, or broke."""
        await self._do(lambda n: native.RoadFailed(id=n, epoch=epoch))

    # --- moderation ---

    async def lower_hand(self, participant: str) -> None:
        await self._do(lambda n: native.Hand(id=n, raised=False, participant=participant))

    async def ask_unmute(self, participant: str, source: native.Source) -> None:
        """Asks somebody to turn on `microphone` or `camera`."""
        await self._do(lambda n: native.AskUnmute(id=n, participant=participant, source=source))

    async def set_spotlight(self, participant: str | None) -> None:
        """Shows one person large to everybody; None ends it."""
        await self._do(lambda n: native.Spotlight(id=n, participant=participant))

    async def admit(self, participant: str) -> None:
        await self._do(lambda n: native.Admit(id=n, participant=participant))

    async def deny(self, participant: str) -> None:
        await self._do(lambda n: native.Deny(id=n, participant=participant))

    async def remove(self, participant: str, reason: str = "") -> None:
        await self._do(lambda n: native.Remove(id=n, participant=participant, reason=reason))

    async def set_role(self, participant: str, role: native.Role) -> None:
        await self._do(lambda n: native.SetRole(id=n, participant=participant, role=role))

    async def lock(self, locked: bool = True) -> None:
        await self._do(lambda n: native.Lock(id=n, locked=locked))

    async def waiting_room(self, enabled: bool = True) -> None:
        await self._do(lambda n: native.WaitingRoom(id=n, enabled=enabled))

    async def invite(self, role: Literal["viewer", "speaker"] = "speaker") -> native.Invited:
        """A token that lets others in with this role; None in it where none is needed."""
        return await self.request(lambda n: native.Invite(id=n, role=role), native.Invited)

    async def end(self) -> None:
        """Ends the room for everybody, oneself included; returns when the server said `bye`."""
        await self._farewell(lambda n: native.End(id=n), Code.ROOM_ENDED)

    async def _farewell(self, make: Callable[[int], native.Message], code: Code) -> None:
        """A request whose reply is `bye`."""
        try:
            await self.request(make, native.Bye)
        except TertuliaError as error:
            if error.code is not code:
                raise
