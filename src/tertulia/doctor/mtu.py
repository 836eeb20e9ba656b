"""How large a packet gets through. Media packets have up to about 1,200 bytes, and TURN adds some."""

from typing import Final

from aioice import stun

from tertulia.doctor.finding import Finding
from tertulia.doctor.ice_servers import IceServer
from tertulia.doctor.turn import pair

SIZES: Final = (576, 1000, 1200, 1280, 1400)
"""Bytes of payload. Linux sends what fits its own link with "do not fragment", so that a smaller link on the way shows."""
ENOUGH: Final = 1400
NEEDED: Final = 1200
PATIENCE: Final = 1.0
"""Seconds for a size, in which it is sent several times."""


async def check(ice: IceServer, within: float) -> Finding:
    """Through the relay and back, by UDP."""
    lost, largest = [], 0
    try:
        async with pair(ice, within) as both:
            for size in SIZES:
                if await both.carries(size, PATIENCE):
                    largest = size
                else:
                    lost.append(size)
    except (OSError, stun.TransactionError) as error:
        return Finding("mtu_not_tried", f"no relay: {error}", ice.url)
    return judge(largest, lost, ice.url)


def judge(largest: int, lost: list[int], url: str) -> Finding:
    if not lost:
        return Finding("mtu_ok", f"{largest:,} bytes go through", url)
    words = f"lost: {', '.join(f'{size:,}' for size in lost)} bytes; up to {largest:,} go through"
    return Finding("mtu_small" if min(lost) > NEEDED else "mtu_too_small", words, url)
