"""How a server behaves, and what one client may ask of it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """Whoever wants more is refused, or let go with a reason. Sizes are in bytes, times in seconds."""

    connections: int = 20_000
    connections_per_address: int = 1_000
    waiting_messages: int = 1_024
    """What may wait for one client that does not read; then it is let go as `too slow`."""
    waiting_bytes: int = 1 << 20
    events_per_second: float = 1_000.0
    """Of one client; bursts of 4 s. What comes faster is read later."""
    running_handlers: int = 100
    """Of one client's events at once; more are read when one of them has ended."""
    pending_calls: int = 1_000
    """Acknowledgements that one socket still owes."""
    namespaces: int = 32
    """That one client is connected to."""
    rooms: int = 1_000
    """That one socket is in."""
    name_length: int = 256
    """Of an event or a namespace, in characters."""
    attachments: int = 10
    """In one packet."""
    packet_bytes: int = 4_000_000
    """A packet with its attachments."""
    attachments_timeout: float = 10.0
    """In which they have to follow their packet."""
    body_timeout: float = 30.0
    """For the body of a POST."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """Who comes back in time is the same socket as before, and gets what it missed."""

    duration: float = 120.0
    """Seconds."""
    skip_middleware: bool = True
    """Who comes back was let in once."""
    sockets: int = 10_000
    """That are remembered, per namespace; the oldest is forgotten first."""
    packets: int = 1_000
    """That are kept, per namespace, for whoever misses them."""
    bytes: int = 1 << 20


@dataclass(frozen=True, slots=True)
class Options:
    """Times are in seconds. The names and their meanings are those of Socket.IO's own server, where it has them."""

    path: str = "/socket.io"
    allow_origins: tuple[str, ...] = ()
    """Besides the same origin; `*`: all."""
    credentials: bool = False
    """Pages of other origins may send cookies."""
    transports: tuple[str, ...] = ("polling", "websocket")
    ping_interval: float = 25.0
    ping_timeout: float = 20.0
    connect_timeout: float = 45.0
    """For the first namespace."""
    upgrade_timeout: float = 10.0
    max_payload: int = 1_000_000
    """Bytes of one request or WebSocket message."""
    serve_client: bool = True
    """The browser's bundle, at `socket.io.js` below the path."""
    recovery: Recovery | None = None
    limits: Limits = field(default_factory=Limits)
