"""What a way through the internet does to packets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Conditions:
    """Of one receiver's link; milliseconds, and shares between 0 and 1."""

    rate: int | None = None
    """Bits a second towards the receiver. None: not limited."""
    queue: float = 250
    """How long a packet may wait where the rate is limited, before it is dropped."""
    loss: float = 0
    """Of UDP packets, each way, one independent of the other."""
    delay: float = 20
    """Each way."""
    jitter: float = 0
    """Up to so much is added to the delay, drawn anew every moment; packets stay in order, as in a queue."""
    reorder: float = 0
    """Share of packets that come late, and so behind those sent after them."""
    duplicate: float = 0
    """Share of packets that come twice."""


GOOD = Conditions()
