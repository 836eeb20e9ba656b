"""A socket's place in one room, as the room sees it."""

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tertulia.core import commands as cmd
from tertulia.core import events as ev
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.doors.page_call import Driver, PageCall, Problem, Tell
from tertulia.doors.socketio import shapes, words
from tertulia.doors.socketio.shapes import CANDIDATE, MESSAGE, Form, Shape
from tertulia.doors.socketio.words import Said
from tertulia.errors import Code, TertuliaError
from tertulia.media.port import ConnectionId
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.directed import Directed
from tertulia.runtime.seat import Data, Description, Entered, Heard, Notice

if TYPE_CHECKING:
    from tertulia.doors.socketio.visitor import Visitor

SERVER = "server"
"""Who says what the server says."""


class SocketIoSession:
    """Translates what it is shown, and carries out what the page says. It outlives a connection that the library recovers."""

    def __init__(
        self,
        visitor: "Visitor",
        participant: ParticipantId,
        room: str,
        word: str | None,
        on_over: Callable[["SocketIoSession"], None],
    ) -> None:
        """`word`: with which event the page has asked for this room; None: in its handshake, or not at all."""
        self.visitor = visitor
        self.participant = participant
        self.room = room
        self.connection = ConnectionId(secrets.token_urlsafe(12))
        self.actor: RoomActor | None = None
        """The room; None until the join is through."""
        self.admitted = False
        self.over = False
        """It has ended for good."""
        self.first = False
        """Nobody was there."""
        self._word = word
        self._on_over = on_over
        self._waited = False
        self._driver = Driver(PageCall(participant, _new_publication), self._show)
        self._directed = Directed(participant)
        self._descriptions: Shape | None = None
        self._candidates: Shape | None = None

    def entered(self, actor: RoomActor) -> None:
        """The join is through: this is the room."""
        self.actor = actor
        self._driver.start(actor)
        self._directed.start(actor.post)

    def close(self) -> None:
        """It is over, or does not come about: nothing is asked of the room any more."""
        self.over = True
        self._driver.close()
        self._directed.close()

    def detach(self) -> None:
        """The connection is lost, and may come back."""
        if self.actor is not None and not self.over:
            self.actor.post(cmd.Detach(self.participant))

    def attach(self) -> None:
        """It is back."""
        if self.actor is not None and not self.over:
            self.actor.post(cmd.Attach(self.participant))

    async def leave(self, reason: str = "left", code: Code = Code.LEFT) -> None:
        """Until the room has had its turn with it."""
        await self._request(cmd.Leave(self.participant, reason, code))

    # --- what the page says ---

    async def describe(self, it: words.ShapedDescription, to: ParticipantId | None) -> None:
        self._descriptions = it.shape
        await self._driver.say(it, to)

    async def trickle(self, it: words.ShapedCandidate, to: ParticipantId | None) -> None:
        self._candidates = it.shape
        await self._driver.say(it, to)

    async def pass_on(self, said: Said, to: ParticipantId | None) -> None:
        """Raises a TertuliaError for what is refused."""
        await self._request(cmd.SendData(self.participant, words.topic(said.event), words.data(said), to))

    async def _request(self, command: cmd.Command) -> None:
        assert self.actor is not None
        outcome = await self.actor.request(command)
        if isinstance(outcome, TertuliaError):
            raise outcome

    # --- what it is shown ---

    def deliver(self, notice: Notice) -> None:
        event = notice.event
        match event:
            case Entered():
                self.admitted = True
                self._greet(event)
            case ev.Waiting():
                self._waited = True
                self.visitor.emit("waiting", self.room)
            case ev.Denied():
                self._end(Code.DENIED, event.message)
                return
            case ev.SessionEnded():
                self._end(event.code, event.message)
                return
            case ev.ParticipantJoined():
                who, room = event.participant.id, self.room
                news = (Said("join", (room, who)), Said("ready", (room,)), Said("user-connected", (who,)))
                notice.once("socketio", lambda _: self._tell(event.to, news))
            case ev.ParticipantLeft():
                who, room = event.participant, self.room
                farewell = (Said("bye", (room, who)), Said("user-disconnected", (who,)))
                notice.once("socketio", lambda _: self._tell(event.to, farewell))
            case ev.DataSent() if isinstance(event.payload, Data):
                data = event.payload
                notice.once("socketio", lambda _: self._tell(event.to, (words.write_data(event.topic, data),)))
            case Heard():
                self._directed.see(event)
                return
        self._driver.see(event)
        self._directed.see(event)

    def _greet(self, entered: Entered) -> None:
        others = entered.snapshot.participants
        self.first = not others
        emit = self.visitor.emit
        if self._word is None:
            if self._waited:
                emit("admitted", self.room, self.participant)
            return
        if self._word == "create or join":
            emit("log", ["Message from server:", f"Room {self.room} now has {len(others) + 1} client(s)"])
        emit("created" if self.first else "joined", self.room, self.participant)
        if others:
            emit("ready", self.room)

    def _tell(self, to: tuple[ParticipantId, ...], news: tuple[Said, ...]) -> None:
        """To all of this door who are to hear it, encoded once."""
        assert self.actor is not None
        seats = [self.actor.seat(who) for who in to]
        visitors = [seat.visitor for seat in seats if isinstance(seat, SocketIoSession)]
        for said in news:
            self.visitor.door.broadcast(visitors, said)

    def _show(self, output: Tell | Problem) -> None:
        if isinstance(output, Problem):
            self.visitor.refuse(output.error.code, output.error.message)
            return
        it, sender = output.what, output.sender or SERVER
        said: list[tuple[str, tuple[Any, ...]]]
        if isinstance(it, words.ShapedDescription | words.ShapedCandidate):
            args = (sender, *it.said.args[1:]) if it.shape.addressed else it.said.args
            said = [(it.said.event, args)]
        elif isinstance(it, Description):
            # Who has said nothing yet may listen to either.
            unknown = (Shape(MESSAGE, Form.PLAIN), Shape("offer", Form.PLAIN))
            used = unknown if self._descriptions is None else (self._descriptions,)
            said = [shapes.write_description(it, shape, sender) for shape in used]
        else:
            said = [shapes.write_candidate(it, shape, sender) for shape in self._candidate_shapes()]
        for event, args in said:
            self.visitor.emit(event, *args)

    def _candidate_shapes(self) -> tuple[Shape, ...]:
        if self._candidates is not None:
            return (self._candidates,)
        on_message, own = Shape(MESSAGE, Form.ANY), Shape(CANDIDATE, Form.PLAIN)
        if self._descriptions is None:
            return on_message, own
        return (on_message,) if self._descriptions.event == MESSAGE else (own,)

    # --- its end ---

    def _end(self, code: Code, message: str) -> None:
        if self.over:
            return
        self.close()
        self._on_over(self)
        self.visitor.over(self, code, message)


def _new_publication() -> PublicationId:
    return PublicationId(secrets.token_urlsafe(9))
