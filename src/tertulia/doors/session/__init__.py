"""What every session has, whatever its wire: a bounded outbox, numbering, replay, one writer per socket, and budgets."""

from tertulia.doors.session.budget import Allowance, Connections, Rate
from tertulia.doors.session.link import Link
from tertulia.doors.session.outbox import Outbox
from tertulia.doors.session.session import Session

__all__ = ["Allowance", "Connections", "Link", "Outbox", "Rate", "Session"]
