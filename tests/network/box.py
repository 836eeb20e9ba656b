"""What stands between a household and the internet: an address translator and a firewall, in the words of nft(8)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

INSIDE, OUTSIDE = "lan", "wan"
"""Interfaces of a box."""


class Nat(Enum):
    """Kinds of translators, by their old names; RFC 4787 has the exact ones, and `test_boxes.py` measures them."""

    FULL_CONE = "full cone"
    """One outer address for one machine, both ways."""
    PORT_RESTRICTED = "port-restricted"
    """One outer port for an inner one, open for those who were written to: most routers at home."""
    SYMMETRIC = "symmetric"
    """Another outer port for each whom one writes to: many offices and mobile networks."""


class Firewall(Enum):
    """What is let out."""

    NONE = "everything"
    ONLY_TCP_443 = "TCP to port 443"
    ONLY_TLS = "TCP to port 443 that is not STUN in the clear"


_TRANSLATION = {
    Nat.FULL_CONE: "snat ip to {outer}",
    Nat.PORT_RESTRICTED: "masquerade persistent",
    Nat.SYMMETRIC: "masquerade fully-random",
}
_ONLY_TCP_443 = f"""
    iifname {INSIDE} meta l4proto != tcp drop
    iifname {INSIDE} tcp dport != 443 drop"""
# The magic cookie is the second word of a STUN message (RFC 8489 section 5); ICE puts two bytes of length before it (RFC 4571).
_NO_STUN = f"""
    iifname {INSIDE} meta l4proto tcp @ih,32,32 0x2112a442 reject with tcp reset
    iifname {INSIDE} meta l4proto tcp @ih,48,32 0x2112a442 reject with tcp reset"""
_LET_OUT = {
    Firewall.NONE: "",
    Firewall.ONLY_TCP_443: _ONLY_TCP_443,
    Firewall.ONLY_TLS: _ONLY_TCP_443 + _NO_STUN,
}

NO_UDP = "insert rule inet box forward meta l4proto udp drop"
"""From now on, whatever was let through before."""


@dataclass(frozen=True)
class Rules:
    """What a box does."""

    nat: Nat
    firewall: Firewall = Firewall.NONE

    def __str__(self) -> str:
        return self.nat.value if self.firewall is Firewall.NONE else f"only {self.firewall.value}"

    def nft(self, outer: str, inner: str) -> str:
        """In place of all rules before. `outer`: the box's own address; `inner`: the machine behind a full cone. IPv6 is not translated,
        but nobody comes in uncalled."""
        full_cone = self.nat is Nat.FULL_CONE
        translate_back = f"iifname {OUTSIDE} dnat ip to {inner}" if full_cone else ""
        let_in = f"iifname {OUTSIDE} meta nfproto ipv4 accept" if full_cone else ""
        # Whoever is not let in must be dropped, not refused: a refusal takes up the port of the call that is about to go out.
        return f"""
            flush ruleset
            table inet box {{
                chain forward {{
                    type filter hook forward priority filter; policy drop;
                    {_LET_OUT[self.firewall]}
                    ct state established,related accept
                    iifname {INSIDE} accept
                    {let_in}
                }}
                chain input {{
                    type filter hook input priority filter; policy drop;
                    iifname {INSIDE} accept
                    meta l4proto ipv6-icmp accept
                }}
                chain prerouting {{
                    type nat hook prerouting priority dstnat;
                    {translate_back}
                }}
                chain postrouting {{
                    type nat hook postrouting priority srcnat;
                    oifname {OUTSIDE} meta nfproto ipv4 {_TRANSLATION[self.nat].format(outer=outer)}
                }}
            }}"""


FULL_CONE = Rules(Nat.FULL_CONE)
PORT_RESTRICTED = Rules(Nat.PORT_RESTRICTED)
SYMMETRIC = Rules(Nat.SYMMETRIC)
ONLY_TCP_443 = Rules(Nat.PORT_RESTRICTED, Firewall.ONLY_TCP_443)
ONLY_TLS = Rules(Nat.PORT_RESTRICTED, Firewall.ONLY_TLS)


def named(boxes: Rules | tuple[Rules, ...]) -> str:
    """For the name of a test."""
    return " and ".join(map(str, boxes)) if isinstance(boxes, tuple) else str(boxes)
