"""The door on `/signaling`."""

from dataclasses import dataclass

from tertulia.auth.admission import Admission
from tertulia.auth.ice_servers import IceServers
from tertulia.doors.session import PageDoor, PageOptions
from tertulia.doors.signaling.connection import SignalingConnection
from tertulia.net import Connections, WebSocket
from tertulia.runtime.hub import Hub


@dataclass(frozen=True, slots=True)
class SignalingOptions(PageOptions):
    rings_for: float = 30.0
    """Seconds until a call that nobody answers is given up."""


class SignalingDoor(PageDoor):
    """For pages that bring their own signalling, as bare JSON."""

    def __init__(
        self,
        hub: Hub,
        admission: Admission,
        options: SignalingOptions,
        connections: Connections,
        ice_servers: IceServers,
    ) -> None:
        super().__init__(hub, admission, options, connections)
        self.ice_servers = ice_servers
        self.rings_for = options.rings_for

    def connection(self, socket: WebSocket) -> SignalingConnection:
        return SignalingConnection(self, socket)
