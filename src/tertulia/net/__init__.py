"""A socket's life, whatever is said on it: who takes it, one bounded writer, budgets, and what is kept for a peer that comes back."""

from tertulia.net.budget import Allowance, Connections, Rate, Rates
from tertulia.net.frame import Binary
from tertulia.net.gate import Gate, Streams
from tertulia.net.link import Link, Socket, Source
from tertulia.net.listener import BACKLOG, listen
from tertulia.net.media_lane import LaneTotals, MediaLane
from tertulia.net.origin import same_authority, split_authority
from tertulia.net.outbox import Outbox, OutboxImage
from tertulia.net.websocket import WebSocket, talk, utf8

__all__ = [
    "BACKLOG",
    "Allowance",
    "Binary",
    "Connections",
    "Gate",
    "LaneTotals",
    "Link",
    "MediaLane",
    "Outbox",
    "OutboxImage",
    "Rate",
    "Rates",
    "Socket",
    "Source",
    "Streams",
    "WebSocket",
    "listen",
    "same_authority",
    "split_authority",
    "talk",
    "utf8",
]
