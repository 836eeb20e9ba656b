"""A socket's life, whatever is said on it: one bounded writer, budgets, and what is kept for a peer that comes back."""

from tertulia.net.budget import Allowance, Connections, Rate, Rates
from tertulia.net.frame import Binary
from tertulia.net.link import Link, Socket, Source
from tertulia.net.origin import same_authority, split_authority
from tertulia.net.outbox import Outbox
from tertulia.net.websocket import WebSocket, talk, utf8

__all__ = [
    "Allowance",
    "Binary",
    "Connections",
    "Link",
    "Outbox",
    "Rate",
    "Rates",
    "Socket",
    "Source",
    "WebSocket",
    "same_authority",
    "split_authority",
    "talk",
    "utf8",
]
