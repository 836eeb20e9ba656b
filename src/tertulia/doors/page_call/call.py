"""Whether what a page says goes to the other page, or to the server. Pure: time is an argument, in seconds on any clock that goes on."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from tertulia.core import commands as cmd
from tertulia.core import events as ev
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.doors.page_call.output import Ask, Output, Problem, Tell
from tertulia.doors.page_call.server_road import ServerRoad
from tertulia.errors import Code, ProtocolError, TertuliaError
from tertulia.runtime.seat import (
    Accept,
    Call,
    Description,
    Done,
    Entered,
    IceCandidate,
    MediaLost,
    Offer,
    Outcome,
    Request,
    Shown,
)

OFFER_WAITS: Final = 60.0
"""Seconds for which an offer waits for somebody to come."""
CALLED_AFTER: Final = 2.0
"""Seconds without a word of the page after which the server offers."""
CANDIDATES: Final = 100
"""Kept with an offer that waits; a browser with many interfaces has a dozen or two."""


class _Road(Enum):
    NONE = auto()
    PAGE = auto()
    """With the other page, past the server."""
    SERVER = auto()


@dataclass(slots=True)
class _Offer:
    """What the page has offered and nobody has answered."""

    description: Description
    to: ParticipantId | None
    until: float
    """How long it waits for somebody."""
    candidates: list[IceCandidate] = field(default_factory=list)
    """Not passed on yet."""
    asked: bool = False
    """It is on its way to somebody."""


class PageCall:
    """One page's call. Table: docs/design/doors.md.

    Whether two pages may talk past the server is asked by trying: `cmd.Signal` is refused with not_allowed at the moment it is carried out
    where they may not, and then the server answers. Left to the caller: to pass on what the page says, what the seat is shown and the
    outcome of every `Ask`, and to call `tick` at `deadline`; to do what the outputs say, in order.
    """

    def __init__(self, me: ParticipantId, new_id: Callable[[], PublicationId]) -> None:
        self._me = me
        self._server = ServerRoad(me, new_id)
        self._entered = False
        self._others: list[ParticipantId] = []
        """In the order of their coming."""
        self._tracks: dict[PublicationId, ParticipantId] = {}
        """What the others have at the server."""
        self._road = _Road.NONE
        self._peer: ParticipantId | None = None
        self._offer: _Offer | None = None
        self._answers_server = False
        """The next answer is to the server's offer."""
        self._call_at = math.inf
        """When the server offers."""
        self._may_be_called = True
        self._out: list[Output] = []

    @property
    def deadline(self) -> float | None:
        """When `tick` has something to do."""
        due = min(self._call_at, self._offer.until if self._offer is not None and self._waits else math.inf)
        return None if due == math.inf else due

    @property
    def _waits(self) -> bool:
        """The page's offer waits for somebody to come."""
        return self._entered and not self._others and self._server.working_on is None

    @property
    def peer(self) -> ParticipantId | None:
        """The page that is talked to past the server."""
        return self._peer if self._road is _Road.PAGE else None

    @property
    def others(self) -> tuple[ParticipantId, ...]:
        """Who else is in the room, in the order of their coming."""
        return tuple(self._others)

    # --- what the page says ---

    def say(self, what: Description | IceCandidate, to: ParticipantId | None, now: float) -> list[Output]:
        """`to`: whom it is for; None: the only other one."""
        if isinstance(what, IceCandidate):
            self._candidate(what)
        elif what.type == "answer":
            self._answer(what, now)
        elif to is not None and self._entered and to not in self._others:
            self._fail(ProtocolError(Code.NO_SUCH_PARTICIPANT, "there is nobody with this identity"))
        else:
            self._offer = _Offer(what, to, now + OFFER_WAITS)
            self._answers_server = False
            self._may_be_called = False
            self._call_at = math.inf
            self._route(now)
        return self._done()

    def hang_up(self) -> list[Output]:
        """The page ends its call; what it published is withdrawn, and the server does not call it again by itself."""
        self._offer = None
        self._end_road()
        self._may_be_called = False
        self._call_at = math.inf
        self._ask(*self._server.withdraw())
        return self._done()

    # --- what the room shows ---

    def see(self, event: Shown, now: float) -> list[Output]:
        match event:
            case Entered():
                self._entered = True
                if self._offer is not None:
                    self._offer.until = now + OFFER_WAITS
                self._others = [other.id for other in event.snapshot.participants]
                self._tracks = {it.id: it.owner for it in event.snapshot.publications if it.owner != self._me}
                self._route(now)
                self._wait_to_be_called(now)
            case ev.ParticipantJoined():
                self._others.append(event.participant.id)
                self._joined(now)
            case ev.ParticipantLeft():
                self._others = [other for other in self._others if other != event.participant]
                self._left(event.participant, now)
            case ev.PublicationAdded():
                self._tracks[event.publication.id] = event.publication.owner
                self._wait_to_be_called(now)
            case ev.PublicationRemoved(owner=self._me):
                self._server.removed(event.publication)
            case ev.PublicationRemoved():
                self._tracks.pop(event.publication, None)
            case ev.Signalled():
                self._signalled(event)
            case MediaLost():
                self._server.lost()
        return self._done()

    def tick(self, now: float) -> list[Output]:
        if now >= self._call_at:
            self._call_at = math.inf
            self._may_be_called = False
            if self._tracks:
                self._ask(Call(self._me, audio=True, video=True))
        if self._offer is not None and self._waits and now >= self._offer.until:
            self._offer = None
            self._fail(ProtocolError(Code.NO_SUCH_PARTICIPANT, "nobody came to take the offer"))
        return self._done()

    # --- how a request went ---

    def outcome(self, request: Request, outcome: Outcome, now: float) -> list[Output]:
        if isinstance(request, cmd.Signal):
            self._was_signalled(request, outcome, now)
        elif isinstance(request, Call):
            self._was_called(outcome)
        else:
            self._ask(*self._server.outcome(request, outcome))
            if isinstance(request, Offer | Accept):
                self._was_served(request, outcome, now)
        return self._done()

    def _was_signalled(self, request: cmd.Signal, outcome: Outcome, now: float) -> None:
        offer = self._offer
        if offer is None or not offer.asked or offer.description is not request.payload:
            is_answer = isinstance(request.payload, Description) and request.payload.type == "answer"
            if isinstance(outcome, TertuliaError) and is_answer and self._road is not _Road.PAGE:
                self._fail(ProtocolError(Code.WRONG_ORDER, "there is no offer to answer"))
            elif isinstance(outcome, TertuliaError) and is_answer and offer is None:
                # It came too late, for the room has changed: what the server offers takes its place.
                self._end_road()
                self._may_be_called = True
                self._wait_to_be_called(now)
            return
        offer.asked = False
        if isinstance(outcome, Done):
            self._road, self._peer = _Road.PAGE, request.recipient
            self._ask(*self._server.withdraw())
            self._ask(*(cmd.Signal(self._me, request.recipient, it) for it in offer.candidates))
            offer.candidates.clear()
        elif outcome.code is Code.NOT_ALLOWED:
            self._serve(now)
        elif outcome.code is Code.NO_SUCH_PARTICIPANT:
            offer.to = None
            self._route(now)
        else:
            self._offer = None
            self._fail(outcome)

    def _was_called(self, outcome: Outcome) -> None:
        if isinstance(outcome, Done) and self._offer is None and self._road is _Road.NONE:
            self._answers_server = True
            self._tell(Description("offer", outcome.answer), None)

    def _was_served(self, request: Offer | Accept, outcome: Outcome, now: float) -> None:
        offer = self._offer
        if offer is None and isinstance(request, Offer):
            # The page has hung up meanwhile.
            self._ask(*self._server.withdraw())
            return
        if offer is not None and offer.description.sdp != request.sdp:
            # It has offered anew meanwhile.
            self._route(now)
            return
        self._offer = None
        if isinstance(outcome, TertuliaError):
            self._fail(outcome)
            return
        self._road, self._peer = _Road.SERVER, None
        if self._server.refused is not None:
            self._fail(self._server.refused)
        if isinstance(request, Offer):
            self._tell(Description("answer", outcome.answer), None)

    # --- offers ---

    def _route(self, now: float) -> None:
        """Sends the page's offer where it belongs now, unless it waits."""
        offer = self._offer
        if offer is None or offer.asked or not self._entered or self._server.working_on is not None:
            return
        if self._server.is_the_same_page(offer.description):
            self._serve(now)
            return
        if not self._others:
            return
        to = offer.to or (self._others[0] if len(self._others) == 1 else None)
        # Whoever publishes at the server has his connection there.
        if to is None or to in self._tracks.values():
            self._serve(now)
        else:
            offer.asked = True
            self._ask(cmd.Signal(self._me, to, offer.description))

    def _serve(self, now: float) -> None:
        """Has the server answer; while it works on something, after that."""
        assert self._offer is not None
        self._end_road()
        if self._server.working_on is not None:
            return
        try:
            self._ask(*self._server.begin(self._offer.description))
        except TertuliaError as error:
            self._offer = None
            self._fail(error)

    def _answer(self, answer: Description, now: float) -> None:
        if self._answers_server:
            self._answers_server = False
            try:
                self._ask(*self._server.begin(answer))
            except TertuliaError as error:
                self._fail(error)
        elif (peer := self._other_page()) is not None:
            self._ask(cmd.Signal(self._me, peer, answer))
        else:
            self._fail(ProtocolError(Code.WRONG_ORDER, "there is no offer to answer"))

    def _candidate(self, candidate: IceCandidate) -> None:
        """The server is ICE-lite: it takes none."""
        if self._offer is not None and self._road is not _Road.PAGE:
            if len(self._offer.candidates) < CANDIDATES:
                self._offer.candidates.append(candidate)
        elif (peer := self._other_page()) is not None:
            self._ask(cmd.Signal(self._me, peer, candidate))

    def _other_page(self) -> ParticipantId | None:
        """Who may be meant where no offer says so: pages have an order of their own, and what they say is passed on in it."""
        if self._road is _Road.PAGE:
            return self._peer
        alone = self._road is _Road.NONE and len(self._others) == 1 and self._others[0] not in self._tracks.values()
        return self._others[0] if alone else None

    # --- the room ---

    def _joined(self, now: float) -> None:
        if self._offer is not None and self._road is _Road.PAGE and not self._offer.asked:
            # They are three before the other page has answered, and now it may not: the server does.
            self._serve(now)
        else:
            self._route(now)

    def _left(self, who: ParticipantId, now: float) -> None:
        self._tracks = {id: owner for id, owner in self._tracks.items() if owner != who}
        if self._road is not _Road.PAGE or self._peer != who:
            return
        self._end_road()
        if self._offer is not None:
            self._offer.to = None
            self._route(now)
        else:
            self._may_be_called = True
            self._wait_to_be_called(now)

    def _signalled(self, event: ev.Signalled) -> None:
        what = event.payload
        if isinstance(what, Description) and what.type == "offer":
            self._road, self._peer = _Road.PAGE, event.sender
            self._answers_server = False
            self._call_at = math.inf
        elif event.sender != self._other_page():
            return
        elif isinstance(what, Description):
            self._offer = None
        if isinstance(what, Description | IceCandidate):
            self._tell(what, event.sender)

    def _wait_to_be_called(self, now: float) -> None:
        idle = self._entered and self._road is _Road.NONE and self._offer is None
        if idle and self._may_be_called and self._tracks and self._call_at == math.inf:
            self._call_at = now + CALLED_AFTER

    def _end_road(self) -> None:
        self._road, self._peer = _Road.NONE, None

    # --- outputs ---

    def _ask(self, *requests: Request) -> None:
        self._out.extend(map(Ask, requests))

    def _tell(self, what: Description | IceCandidate, sender: ParticipantId | None) -> None:
        self._out.append(Tell(what, sender))

    def _fail(self, error: TertuliaError) -> None:
        self._out.append(Problem(error))

    def _done(self) -> list[Output]:
        out, self._out = self._out, []
        return out
