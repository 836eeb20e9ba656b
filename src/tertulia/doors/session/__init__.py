"""What doors share: sessions that can be come back to, how they end, and connections of pages that come in as they open."""

from tertulia.doors.session.closing import RETRYABLE, close_code
from tertulia.doors.session.connection import PageConnection
from tertulia.doors.session.door import PageDoor, PageOptions, WebSocketDoor
from tertulia.doors.session.page import PageSession
from tertulia.doors.session.session import Session

__all__ = [
    "RETRYABLE",
    "PageConnection",
    "PageDoor",
    "PageOptions",
    "PageSession",
    "Session",
    "WebSocketDoor",
    "close_code",
]
