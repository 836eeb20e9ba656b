"""The door of WHIP and WHEP: its routes, and the sessions that came through it."""

import time
from dataclasses import dataclass

from starlette.routing import BaseRoute

from tertulia.auth.admission import Admission
from tertulia.auth.ice_servers import IceServers
from tertulia.core.ids import ParticipantId
from tertulia.core.room import Room
from tertulia.doors.whip.playing import WhepEndpoint
from tertulia.doors.whip.publishing import WhipEndpoint
from tertulia.doors.whip.session import Session
from tertulia.errors import Code, Unavailable
from tertulia.net import Allowance, Connections, Rates
from tertulia.runtime.hub import Hub


@dataclass(frozen=True, slots=True)
class Options:
    """How the door behaves. Times are in seconds."""

    allow_origins: tuple[str, ...] = ()
    """Whose pages may read the answers, besides the same origin."""
    requests_per_second: float = 50.0
    """For each address, with bursts of 4 s."""
    max_sessions: int = 20_000
    max_sessions_per_address: int = 1_000
    body_timeout: float = 10.0
    connect_timeout: float = 30.0
    """Until the media of a new session is up."""


class WhipDoor:
    """Serves WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep). Origin and Host are checked before it is reached."""

    def __init__(self, hub: Hub, admission: Admission, options: Options, ice_servers: IceServers) -> None:
        self.hub = hub
        self.admission = admission
        self.options = options
        self.ice_servers = ice_servers
        self.connections = Connections(options.max_sessions, options.max_sessions_per_address)
        """Sessions, and requests for one that are being answered."""
        self.refused: dict[str, int] = {}
        """How many requests were refused, by code."""
        self.sessions: dict[str, Session] = {}
        """By the id in their URL."""
        self._addresses: dict[str, str] = {}
        """Where each session came from."""
        self._rates = Rates(options.requests_per_second)

    def routes(self) -> list[BaseRoute]:
        return [WhipEndpoint(self).mount(), WhepEndpoint(self).mount()]

    def spend(self, address: str) -> None:
        """Raises Unavailable (too_many_messages) where this address asks too often."""
        if self._rates.spend(address, time.monotonic()) is not Allowance.PASS:
            raise Unavailable(Code.TOO_MANY_MESSAGES, "slow down")

    def keep(self, session: Session, address: str) -> Session:
        """It is in a room, and counts for its address until it is over."""
        self.sessions[session.id] = session
        self._addresses[session.id] = address
        return session

    def forget(self, session: Session) -> None:
        """It is over."""
        self.hub.forget(session.connection)
        if self.sessions.pop(session.id, None) is not None:
            self.connections.leave(self._addresses.pop(session.id))

    def has_lost(self, room: Room, who: ParticipantId) -> bool:
        """Whether this one is there by a session of ours whose media is not up."""
        return any(
            session.participant == who
            and session.actor is not None
            and session.actor.room is room
            and not session.over
            and not session.connected
            for session in self.sessions.values()
        )

    def count_refused(self, code: str) -> None:
        self.refused[code] = self.refused.get(code, 0) + 1
