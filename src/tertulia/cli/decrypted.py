"""HTTP out of TLS that the engine ended: one end of a socket pair, which knows neither the client nor that there was TLS."""

import asyncio
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Ends:
    """Of the client's own connection."""

    client: Address
    server: Address


class Decrypted(asyncio.Protocol):
    """Makes way for uvicorn's protocol, once that has been told what it would have read from the transport."""

    def __init__(self, make: Callable[[], Any], ends: Ends) -> None:
        """`make` gives a protocol of uvicorn's; its class for WebSockets has to take `ends`, and to call `tell`."""
        self._make = make
        self._ends = ends

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        protocol = self._make()
        protocol.ws_protocol_class = functools.partial(protocol.ws_protocol_class, ends=self._ends)
        protocol.connection_made(transport)
        tell(protocol, self._ends, "https")
        transport.set_protocol(protocol)


def tell(protocol: Any, ends: Ends, scheme: str) -> None:
    """What uvicorn's protocol puts into the scopes of its requests."""
    protocol.client, protocol.server, protocol.scheme = ends.client, ends.server, scheme
