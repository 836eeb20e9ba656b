"""A PeerJS client's call with somebody who came by another door: the server is the other side in his place, with his tracks."""

import secrets
from collections.abc import Callable, Iterable

from tertulia.core import commands as cmd
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.doors.page_call import ServerRoad
from tertulia.doors.peerjs import messages
from tertulia.doors.peerjs.messages import MediaSdp
from tertulia.errors import TertuliaError
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.directed import Directed
from tertulia.runtime.seat import (
    Accept,
    Call,
    Description,
    Done,
    Entered,
    HangUp,
    Offer,
    Outcome,
    Reply,
    Request,
    Shown,
)


class ServerCall:
    """One media connection. What the client sends on the first of them is published to everybody, and not again on another.

    To be called in the room's turn.
    """

    def __init__(
        self, actor: RoomActor, client: ParticipantId, other: ParticipantId, send: Callable[[bytes], None]
    ) -> None:
        self._actor = actor
        self._client = client
        self._other = other
        self._send = send
        self._road = ServerRoad(client, _new_publication, only=other)
        self._directed = Directed(client, only=other)
        self._connection = ""
        """PeerJS's id of it."""
        self._next: MediaSdp | None = None
        """An offer that came while another was worked on."""
        self._began = False
        self._over = False

    def call(self) -> None:
        """Has the server call the client, as the other one would."""
        self._connection = "mc_" + secrets.token_hex(8)
        self._ask([Call(self._client, True, True, self._other)])

    def offered(self, offer: MediaSdp) -> None:
        """The client calls, once more perhaps."""
        if self._road.working_on is None:
            self._connection = offer.connection_id
            self._begin(Description("offer", offer.sdp.sdp))
        else:
            self._next = offer

    def answered(self, answer: MediaSdp) -> None:
        """The client takes the server's call."""
        if answer.connection_id == self._connection and self._road.working_on is None:
            self._begin(Description("answer", answer.sdp.sdp))

    def see(self, event: Shown) -> None:
        """Something that the client's seat is shown."""
        if self._began:
            self._directed.see(event)

    def hang_up(self) -> None:
        """The call is over: what was sent on it is withdrawn."""
        for publication in self._directed.subscribed:
            self._actor.post(cmd.Unsubscribe(self._client, publication))
        self.close()
        self._ask(self._road.withdraw())
        self._actor.post(HangUp(self._client, self._other))

    def close(self) -> None:
        """The client's session is over, and everything of it."""
        self._over = True
        self._directed.close()

    def _begin(self, description: Description) -> None:
        try:
            self._ask(self._road.begin(description))
        except TertuliaError as error:
            self._refused(error)

    def _ask(self, requests: Iterable[Request]) -> None:
        for request in requests:
            self._actor.post(request, self._reply(request))

    def _reply(self, request: Request) -> Reply:
        def reply(outcome: Outcome) -> None:
            self._ask(self._road.outcome(request, outcome))
            if self._over:
                self._ask(self._road.withdraw())
            elif isinstance(request, Offer | Accept | Call):
                self._negotiated(request, outcome)

        return reply

    def _negotiated(self, request: Offer | Accept | Call, outcome: Outcome) -> None:
        following, self._next = self._next, None
        if following is not None:
            self.offered(following)
        elif not isinstance(outcome, Done):
            self._refused(outcome)
        elif isinstance(request, Call):
            self._tell(Description("offer", outcome.answer))
        else:
            if isinstance(request, Offer):
                self._tell(Description("answer", outcome.answer))
            self._receive()

    def _receive(self) -> None:
        """The other one's tracks, as far as there is place for them."""
        if not self._began:
            self._began = True
            self._directed.see(Entered(self._actor.room.snapshot(self._client)))
            self._directed.start(self._actor.post)

    def _tell(self, description: Description) -> None:
        self._send(messages.described(description, self._connection, self._other, self._client))

    def _refused(self, error: TertuliaError) -> None:
        self._send(messages.expire(self._other, error.code))


def _new_publication() -> PublicationId:
    return PublicationId(secrets.token_urlsafe(9))
