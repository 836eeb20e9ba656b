"""By which pair of candidates somebody's media goes, as the browser's statistics tell it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from tests.e2e.caller import PATIENCE, Caller, until

Road = Literal["direct", "sfu"]


@dataclass(frozen=True)
class Candidate:
    """`type`: host, srflx, prflx or relay. `relay`: udp, tcp or tls to one's own relay. `address`: None where a page may not know."""

    type: str
    protocol: str
    relay: str | None
    address: str | None
    port: int | None


@dataclass(frozen=True)
class Pair:
    local: Candidate
    remote: Candidate

    @property
    def relayed(self) -> bool:
        return "relay" in (self.local.type, self.remote.type)


async def goes(caller: Caller, road: Road, by: Callable[[Pair], bool], patience: float = PATIENCE) -> Pair:
    """Until pictures come by this road, and this pair is the one that is used; fails naming the last pair."""
    roads: dict[str, Any] = {}

    async def asked() -> Pair | None:
        roads.update(await caller.roads())
        connections = list(roads["direct"].values())
        # Directly, the connection with the server stands by; by the server, there is no direct one.
        if road == "sfu":
            connections = [] if connections else [roads["sfu"]]
        carrying = [it for it in connections if it and it["state"] == "connected" and it["decoded"] and it["remote"]]
        if not carrying or len(carrying) < len(connections):
            return None
        (pair,) = {Pair(Candidate(**it["local"]), Candidate(**it["remote"])) for it in carrying}
        return pair if by(pair) else None

    return await until(asked, lambda: f"{caller.name} goes {road} as wanted, not by {roads}", patience)
