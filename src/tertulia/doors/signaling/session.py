"""A page's session on `/signaling`: it ends with its socket."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from tertulia.core import commands as cmd
from tertulia.core import events as ev
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import Participant
from tertulia.doors.page_call import Driver, PageCall, Problem, Tell
from tertulia.doors.session import PageSession, close_code
from tertulia.doors.signaling import ringing, words
from tertulia.doors.signaling.ringing import Ended, Ringing, ToPage
from tertulia.errors import Code, ProtocolError, TertuliaError
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.directed import Directed
from tertulia.runtime.seat import Data, Description, Entered, Heard, Notice, Outcome
from tertulia.wire import native as wire

Message = dict[str, Any]


class SignalingSession(PageSession):
    """Translates what it is shown, and carries out what the page says."""

    def __init__(
        self,
        participant: ParticipantId,
        *,
        tells_people: bool,
        ice_servers: Callable[[], Iterable[wire.IceServer]],
        rings_for: float,
        new_id: Callable[[], PublicationId],
        on_over: Callable[["SignalingSession"], None],
    ) -> None:
        """`tells_people`: the page has asked to hear of those who come and go, and who says what, and then of `ice_servers`."""
        super().__init__(participant)
        self._tells_people = tells_people
        self._ice_servers = ice_servers
        self._on_over = on_over
        self._call = PageCall(participant, new_id)
        self._driver = Driver(self._call, self._show)
        self._directed = Directed(participant)
        self._ringing = Ringing(participant, rings_for)
        self._timer: asyncio.TimerHandle | None = None
        self._description_shape = words.DescriptionShape.BARE
        self._candidate_shape = words.CandidateShape.LABEL
        self.admitted = False

    def entered(self, actor: RoomActor) -> None:
        super().entered(actor)
        self._driver.start(actor)
        self._directed.start(actor.post)

    def when_lost(self) -> cmd.Command:
        return cmd.Leave(self.participant, "connection_lost")

    # --- what the page says ---

    async def say(self, word: words.Word, to: ParticipantId | None) -> None:
        """Raises a TertuliaError for what is refused."""
        match word:
            case words.ShapedDescription():
                self._description_shape = word.shape
                await self._driver.say(word, to)
            case words.ShapedCandidate():
                self._candidate_shape = word.shape
                await self._driver.say(word, to)
            case _ if not self.admitted:
                raise ProtocolError(Code.WRONG_ORDER, "not before you are let in")
            case words.CallWord(word="hangup") if not (to or self._ringing.peer) and len(self._call.others) != 1:
                # It is in no call with anybody: its call is with the server.
                self._driver.hang_up()
            case words.CallWord():
                whom = to or self._ringing.peer or self._only_other()
                self._ring(self._ringing.say(word.word, word.message, whom, self._now()))
            case words.Other():
                await self._send_data(word.topic, word.data, to)

    def _only_other(self) -> ParticipantId:
        others = self._call.others
        if not others:
            raise ProtocolError(Code.NO_SUCH_PARTICIPANT, "nobody else is here")
        if len(others) > 1:
            raise ProtocolError(Code.INVALID, "several people are here: say which one in `to`")
        return others[0]

    async def _send_data(self, topic: str, data: Data, to: ParticipantId | None) -> None:
        assert self.actor is not None
        outcome = await self.actor.request(cmd.SendData(self.participant, topic, data, to))
        if isinstance(outcome, TertuliaError):
            raise outcome

    # --- what it is shown ---

    def deliver(self, notice: Notice) -> None:
        event = notice.event
        match event:
            case Entered():
                self.admitted = True
                self._tell_of_room(event)
            case ev.Waiting():
                self._send({"type": "waiting"})
            case ev.Denied():
                self._end(Code.DENIED, event.message)
                return
            case ev.SessionEnded():
                self._end(event.code, event.message)
                return
            case ev.ParticipantJoined():
                self._tell_of_person({"type": "peer-joined", **_person(event.participant)})
            case ev.ParticipantLeft():
                self._tell_of_person({"type": "peer-left", "peer": event.participant, "reason": event.reason})
                self._ring(self._ringing.left(event.participant))
            case ev.DataSent() if isinstance(event.payload, Data):
                self._data(notice, event, event.payload)
            case Heard():
                self._directed.see(event)
                return
        self._driver.see(event)
        self._directed.see(event)

    def _tell_of_room(self, event: Entered) -> None:
        if not self._tells_people:
            return
        it = event.snapshot
        others = [_person(other) for other in it.participants]
        servers = [_rtc_ice_server(server) for server in self._ice_servers()]
        self._send({"type": "joined", "room": it.room.name, "you": it.you.id, "peers": others, "iceServers": servers})

    def _tell_of_person(self, message: Message) -> None:
        if self._tells_people:
            self._send(message)

    def _data(self, notice: Notice, event: ev.DataSent, data: Data) -> None:
        if event.topic in words.CALL_WORDS:
            message = msgspec.json.decode(data.json)
            if event.sender is not None and isinstance(message, dict):
                self._ring(self._ringing.hear(event.topic, message, event.sender, self._now()))
            return
        if self._tells_people:
            sender = {"from": event.sender or "server"}
            body = notice.once("signaling+from", lambda _: _json(words.write_data(event.topic, data) | sender))
        else:
            body = notice.once("signaling", lambda _: _json(words.write_data(event.topic, data)))
        self.send(body)

    # --- the call's machines ---

    def _show(self, output: Tell | Problem) -> None:
        if isinstance(output, Problem):
            self.refuse(output.error.code, output.error.message)
            return
        it = output.what
        if isinstance(it, Description):
            message = words.write_description(it, self._description_shape)
        else:
            message = words.write_candidate(it, self._candidate_shape)
        if self._tells_people:
            message = message | {"from": output.sender or "server"}
        self._send(message)

    def _ring(self, outputs: list[ringing.Output]) -> None:
        for output in outputs:
            match output:
                case ToPage():
                    self._send(output.message)
                case Ended():
                    self._driver.hang_up()
                case _:
                    self._send_word(output)
        if self._timer is not None:
            self._timer.cancel()
        due = self._ringing.deadline
        self._timer = None if due is None else asyncio.get_running_loop().call_at(due, self._tick)

    def _send_word(self, output: ringing.ToPerson) -> None:
        def replied(outcome: Outcome) -> None:
            if isinstance(outcome, TertuliaError):
                self._ringing.failed(output.who)
                self._ring([])
                self.refuse(outcome.code, outcome.message)

        assert self.actor is not None
        data = Data(_json(output.message))
        self.actor.post(cmd.SendData(self.participant, output.message["type"], data, output.who), replied)

    def _tick(self) -> None:
        self._ring(self._ringing.tick(self._now()))

    # --- its end ---

    def refuse(self, code: Code, message: str) -> None:
        """Something that the page has asked for does not come about."""
        self._send(error(code, message))

    def _end(self, code: Code, message: str) -> None:
        self._driver.close()
        self._directed.close()
        if self._timer is not None:
            self._timer.cancel()
        self.say_goodbye(_json(error(code, message)), code, close_code(code))
        self._on_over(self)

    def _send(self, message: Message) -> None:
        self.send(_json(message))

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def error(code: Code, message: str) -> Message:
    return {"type": "error", "code": code.value, "message": message}


def _person(who: Participant) -> Message:
    return {"peer": who.id, "name": who.name}


def _rtc_ice_server(it: wire.IceServer) -> Message:
    """As RTCPeerConnection takes it, which would make a text of null."""
    return {name: value for name, value in msgspec.structs.asdict(it).items() if value is not None}


def _json(message: Message) -> bytes:
    return msgspec.json.encode(message)
