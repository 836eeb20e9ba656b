"""What the suite of Engine.IO 4 runs against: everything that is said comes back."""

from tertulia.socketio import Handshake, Options
from tertulia.socketio.engine import Connection, Engine, message


class Echo:
    def __init__(self, connection: Connection, handshake: Handshake) -> None:
        self._connection = connection

    async def heard(self, said: str | bytes) -> None:
        self._connection.send((message(said),))

    def ended(self, reason: str) -> None:
        pass


app = Engine(Options(ping_interval=0.3, ping_timeout=0.2, allow_origins=("*",)), Echo)
