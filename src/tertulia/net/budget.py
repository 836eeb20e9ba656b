"""Budgets: how much one connection, one address and all together may ask for."""

import ipaddress
from collections import Counter
from enum import Enum, auto

BURST = 4
"""Seconds' worth of messages that may come at once."""
ABUSE = 10
"""Times the allowed rate at which a connection is let go."""
REPORT_EVERY = 100
"""Of so many refused messages one is answered, so that refusing costs less than asking."""


class Allowance(Enum):
    PASS = auto()
    REPORT = auto()
    """Refuse it, and say so."""
    DROP = auto()
    """Refuse it silently."""
    ABUSE = auto()
    """Let the connection go."""


class Rate:
    """Token buckets for one connection's messages: one for what is allowed, one for what is endured."""

    def __init__(self, per_second: float, now: float) -> None:
        self._per_second = per_second
        self._allowed = per_second * BURST
        self._endured = per_second * BURST * ABUSE
        self._now = now
        self.refused = 0

    def spend(self, now: float) -> Allowance:
        """One message at the time `now`, in seconds on any clock that does not go back."""
        passed = max(0.0, now - self._now)
        self._now = now
        burst = self._per_second * BURST
        self._allowed = min(burst, self._allowed + passed * self._per_second)
        self._endured = min(burst * ABUSE, self._endured + passed * self._per_second * ABUSE) - 1
        if self._endured < 0:
            return Allowance.ABUSE
        if self._allowed >= 1:
            self._allowed -= 1
            return Allowance.PASS
        self.refused += 1
        return Allowance.REPORT if self.refused % REPORT_EVERY == 1 else Allowance.DROP


class Rates:
    """A `Rate` for each address, where requests have no connection that they could be counted on."""

    def __init__(self, per_second: float, addresses: int = 10_000) -> None:
        """`addresses`: so many are remembered; then the one that has been quiet for longest is forgotten."""
        self._per_second = per_second
        self._addresses = addresses
        self._by_address: dict[str, Rate] = {}

    def spend(self, address: str, now: float) -> Allowance:
        """One request at the time `now`, in seconds on any clock that does not go back."""
        address = counted_as(address)
        rate = self._by_address.pop(address, None)
        if rate is None:
            if len(self._by_address) >= self._addresses:
                del self._by_address[next(iter(self._by_address))]
            rate = Rate(self._per_second, now)
        self._by_address[address] = rate
        return rate.spend(now)


class Connections:
    """Counts open connections, in total and by address."""

    def __init__(self, total: int, per_address: int) -> None:
        self._total = total
        self._per_address = per_address
        self._by_address: Counter[str] = Counter()
        self.open = 0

    def enter(self, address: str) -> bool:
        """False: there is no place for one more. Each True is paid back by one `leave`."""
        address = counted_as(address)
        if self.open >= self._total or self._by_address[address] >= self._per_address:
            if not self._by_address[address]:
                del self._by_address[address]
            return False
        self.open += 1
        self._by_address[address] += 1
        return True

    def leave(self, address: str) -> None:
        address = counted_as(address)
        self.open -= 1
        self._by_address[address] -= 1
        if self._by_address[address] <= 0:
            del self._by_address[address]


def counted_as(address: str) -> str:
    """Whoever has one IPv6 address has all of its /64."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((parsed, 64), strict=False))
