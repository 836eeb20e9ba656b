"""All calls of one PeerJS client with people of other doors: those that it makes, and those that the server makes in their place."""

import asyncio
from collections.abc import Callable
from typing import Final

from tertulia.core import events as ev
from tertulia.core.ids import ParticipantId
from tertulia.core.model import Dialect
from tertulia.doors.peerjs import messages
from tertulia.doors.peerjs.messages import Relayed
from tertulia.doors.peerjs.server_call import ServerCall
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.seat import MediaLost, Shown

CALLS: Final = 16
"""At a time."""
CALLED_AFTER: Final = 2.0
"""Seconds for which a client may make calls itself, before it is called by those who publish."""


class ServerCalls:
    """By who is at the other side. To be called in the room's turn."""

    def __init__(self, client: ParticipantId, send: Callable[[bytes], None]) -> None:
        self._client = client
        self._send = send
        self._actor: RoomActor | None = None
        self._calls: dict[ParticipantId, ServerCall] = {}
        self._waits = True
        """The client makes no calls: it waits for them."""
        self._called: set[ParticipantId] = set()
        """Whom the client has been called by already; nobody insists."""
        self._timer: asyncio.TimerHandle | None = None

    def __contains__(self, other: ParticipantId) -> bool:
        return other in self._calls

    def start(self, actor: RoomActor) -> None:
        """This is the room."""
        self._actor = actor
        self._wait()

    def calls_itself(self) -> None:
        """The client has called somebody: it needs nobody to call it."""
        self._waits = False

    def take(self, message: Relayed, other: ParticipantId) -> bool:
        """What the client says to somebody whom it cannot reach directly. False: it is nothing that the server could take."""
        said = messages.media(message)
        if said is None or not self._is_of_another_door(other):
            return False
        if message.type == "ANSWER" and other in self._calls:
            self._calls[other].answered(said)
        elif message.type == "OFFER":
            call = self._call_with(other)
            if call is None:
                return False
            call.offered(said)
        return True

    def see(self, event: Shown) -> None:
        """Something that the client's seat is shown; whatever it is."""
        match event:
            case ev.ParticipantLeft():
                self._called.discard(event.participant)
                self._hang_up(event.participant)
            case MediaLost() if event.only is not None:
                self._hang_up(event.only)
            case ev.PublicationAdded():
                self._wait()
        for call in self._calls.values():
            call.see(event)

    def close(self) -> None:
        """The session is over."""
        self._actor = None
        if self._timer is not None:
            self._timer.cancel()
        for call in self._calls.values():
            call.close()
        self._calls.clear()

    def _call_with(self, other: ParticipantId) -> ServerCall | None:
        """None: there are too many."""
        assert self._actor is not None
        if other not in self._calls:
            if len(self._calls) >= CALLS:
                return None
            self._calls[other] = ServerCall(self._actor, self._client, other, self._send)
        return self._calls[other]

    def _hang_up(self, other: ParticipantId) -> None:
        call = self._calls.pop(other, None)
        if call is not None:
            call.hang_up()

    def _is_of_another_door(self, other: ParticipantId) -> bool:
        assert self._actor is not None
        return any(it.id == other and it.dialect is not Dialect.CALLER for it in self._actor.room.participants)

    # --- a client that waits ---

    def _wait(self) -> None:
        if self._waits and self._timer is None and self._publishers():
            self._timer = asyncio.get_running_loop().call_later(CALLED_AFTER, self._be_called)

    def _be_called(self) -> None:
        self._timer = None
        for other in self._publishers() if self._waits else ():
            call = self._call_with(other)
            if call is None:
                return
            self._called.add(other)
            call.call()

    def _publishers(self) -> list[ParticipantId]:
        """Who could call the client and has not."""
        if self._actor is None:
            return []
        owners = dict.fromkeys(track.owner for track in self._actor.room.publications)
        known = self._called | self._calls.keys() | {self._client}
        return [owner for owner in owners if owner not in known and self._is_of_another_door(owner)]
