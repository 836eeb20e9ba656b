"""A page's media connection with the server: what it publishes there, and which description is being worked on."""

import re
from collections.abc import Callable
from typing import Final

from tertulia.core import commands as cmd
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import Source
from tertulia.core.permissions import kind_of
from tertulia.errors import TertuliaError
from tertulia.media.outline import OfferedSection, outline
from tertulia.runtime.seat import Accept, Description, Offer, Outcome, Request

_SOURCES: Final = {
    "audio": (Source.MICROPHONE, Source.SCREEN_AUDIO),
    "video": (Source.CAMERA, Source.SCREEN),
}
"""What a page's sections of a kind are taken for, in their order; more of them are not published."""
_SESSION = re.compile(r"^o=\S+ (\S+) ", re.MULTILINE)


class ServerRoad:
    """One description is worked on at a time: first its new tracks are published, then media gets it, then what it no longer sends is
    withdrawn."""

    def __init__(
        self, me: ParticipantId, new_id: Callable[[], PublicationId], *, only: ParticipantId | None = None
    ) -> None:
        """`only`: it is for this person's tracks alone, see `runtime.seat.Offer`."""
        self._me = me
        self._only = only
        self._new_id = new_id
        self.published: dict[Source, PublicationId] = {}
        self._sources: dict[str, Source] = {}
        """What is in each sending section, by mid."""
        self._session = ""
        """The page's RTCPeerConnection, as the o= line names it; empty: there is none."""
        self._serial = 0
        self.working_on: Description | None = None
        self._plan: dict[str, Source] = {}
        self._wanted: dict[PublicationId, Source] = {}
        """Asked to be published, and not heard of yet."""
        self._fresh: list[PublicationId] = []
        """Published for the description that is worked on."""
        self.refused: TertuliaError | None = None
        """Why a track of the last description was not published."""

    def is_the_same_page(self, description: Description) -> bool:
        """Whether this comes from the RTCPeerConnection that the server is connected with."""
        return bool(self._session) and self._session == _session(description.sdp)

    def begin(self, description: Description) -> list[Request]:
        """Takes the page's offer, or its answer to the server's offer. Raises ProtocolError for SDP that cannot be read."""
        sections = outline(description.sdp, answer=description.type == "answer")
        same = self.is_the_same_page(description)
        self.working_on = description
        self.refused = None
        self._plan = _plan(sections, self._sources if same else {})
        self._wanted = {self._new_id(): source for source in self._plan.values() if source not in self.published}
        self._fresh = []
        if not same:
            self._serial = 0
        publish: list[Request] = [
            cmd.Publish(self._me, publication, source, kind_of(source)) for publication, source in self._wanted.items()
        ]
        return publish or [self._negotiate()]

    def outcome(self, request: Request, outcome: Outcome) -> list[Request]:
        """How a request went. Once `working_on` is None, the description has been taken, or was refused by this outcome."""
        if isinstance(request, cmd.Publish) and request.publication in self._wanted:
            return self._was_published(self._wanted.pop(request.publication), request.publication, outcome)
        if isinstance(request, Offer | Accept) and self.working_on is not None:
            return self._was_negotiated(outcome)
        return []

    def lost(self) -> None:
        """The server's side of the connection is gone: the page's next offer opens another."""
        self._session = ""
        self._serial = 0

    def removed(self, publication: PublicationId) -> None:
        """The room has ended a publication."""
        self.published = {source: id for source, id in self.published.items() if id != publication}

    def withdraw(self) -> list[Request]:
        """The page has hung up."""
        requests = self._unpublish(tuple(self.published))
        self.lost()
        self._sources = {}
        return requests

    def _was_published(self, source: Source, publication: PublicationId, outcome: Outcome) -> list[Request]:
        if isinstance(outcome, TertuliaError):
            self.refused = outcome
            self._plan = {mid: other for mid, other in self._plan.items() if other is not source}
        else:
            self.published[source] = publication
            self._fresh.append(publication)
        return [] if self._wanted else [self._negotiate()]

    def _negotiate(self) -> Request:
        assert self.working_on is not None
        publications = {mid: self.published[source] for mid, source in self._plan.items() if source in self.published}
        if self.working_on.type == "answer":
            return Accept(self._me, self.working_on.sdp, publications, self._only)
        return Offer(self._me, self._serial + 1, self.working_on.sdp, publications, self._only)

    def _was_negotiated(self, outcome: Outcome) -> list[Request]:
        assert self.working_on is not None
        done, self.working_on = self.working_on, None
        if isinstance(outcome, TertuliaError):
            return self._unpublish(tuple(source for source, id in self.published.items() if id in self._fresh))
        self._serial += 1
        self._session = _session(done.sdp)
        self._sources = self._plan
        return self._unpublish(tuple(source for source in self.published if source not in self._plan.values()))

    def _unpublish(self, sources: tuple[Source, ...]) -> list[Request]:
        return [cmd.Unpublish(self._me, self.published.pop(source)) for source in sources]


def _plan(sections: tuple[OfferedSection, ...], before: dict[str, Source]) -> dict[str, Source]:
    """What each sending section carries, by mid. A section keeps what it carried before."""
    sending = [section for section in sections if section.sends]
    plan = {section.mid: before[section.mid] for section in sending if section.mid in before}
    for section in sending:
        free = [source for source in _SOURCES[section.kind] if source not in plan.values()]
        if section.mid not in plan and free:
            plan[section.mid] = free[0]
    return plan


def _session(sdp: str) -> str:
    """RFC 8866, 5.2: it stays the same through renegotiations of one RTCPeerConnection."""
    found = _SESSION.search(sdp)
    return found[1] if found else ""
