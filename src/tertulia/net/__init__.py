"""A socket's life, whatever is said on it: one bounded writer, budgets, and what is kept for a peer that comes back."""

from tertulia.net.budget import Allowance, Connections, Rate
from tertulia.net.link import Link, Socket
from tertulia.net.outbox import Outbox

__all__ = ["Allowance", "Connections", "Link", "Outbox", "Rate", "Socket"]
