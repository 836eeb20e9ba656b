"""When to ping, and when a peer that does not answer is gone. Pure; times are seconds on one clock."""

LATE = 0.1
"""Part of the time-out: a timer that fires later than this gives the peer its whole time from then on."""


class Heartbeat:
    """The server pings `interval` after the last pong; the answer must come within `timeout`."""

    __slots__ = ("_interval", "_ping_at", "_pong_by", "_timeout")

    def __init__(self, interval: float, timeout: float, now: float) -> None:
        self._interval = interval
        self._timeout = timeout
        self._ping_at = now + interval
        self._pong_by: float | None = None

    @property
    def due(self) -> float:
        """When `ping` or `lost` next has something to say."""
        return self._ping_at if self._pong_by is None else self._pong_by

    def ping(self, now: float) -> bool:
        """True, once: a ping has to be sent."""
        if self._pong_by is not None or now < self._ping_at:
            return False
        on_time = now - self._ping_at <= LATE * self._timeout
        # Counted from when it was due, as the client counts, unless this process was kept from running.
        self._pong_by = (self._ping_at if on_time else now) + self._timeout
        return True

    def pong(self, now: float) -> None:
        """One that nobody asked for changes nothing."""
        if self._pong_by is not None:
            self._pong_by = None
            self._ping_at = now + self._interval

    def lost(self, now: float) -> bool:
        return self._pong_by is not None and now >= self._pong_by
