"""What a check can find. The codes are stable: programs read them by `tertulia doctor --json`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    """Some people will have trouble, or will soon."""
    FAIL = "fail"
    SKIP = "skip"
    """Not tried, so nothing is known."""


@dataclass(frozen=True, slots=True)
class Kind:
    check: str
    state: State
    advice: str
    """What to do; empty where there is nothing to be done."""


@dataclass(frozen=True, slots=True)
class Finding:
    code: str
    """One of KINDS."""
    detail: str
    """What was seen this time: addresses, sizes, times."""
    subject: str = ""
    """Which of several was tried, such as a URL."""

    @property
    def kind(self) -> Kind:
        return KINDS[self.code]


OK, WARN, FAIL, SKIP = State.OK, State.WARN, State.FAIL, State.SKIP

_GIVE_TOKEN: Final = "give a token for the room: --token, --room (tertulia token makes one)"
_TURN_REFUSED: Final = (
    "401: the clocks or the secrets differ (for coturn: --ice-secret is its static-auth-secret); 486: its quota is reached; "
    "403: it may not relay to itself"
)


def _turn(without: State, advice: str, closed: str) -> dict[str, tuple[State, str]]:
    return {
        "ok": (OK, ""),
        "none": (without, advice),
        "not_asked": (SKIP, ""),
        "no_answer": (FAIL, closed),
        "refused": (FAIL, _TURN_REFUSED),
        "no_data": (
            FAIL,
            "it relays nothing: look at its log for what it refuses, and at the firewall around its relayed ports",
        ),
    }


_TABLE: Final[Mapping[str, Mapping[str, tuple[State, str]]]] = {
    "http": {
        "ok": (OK, ""),
        "unreachable": (
            FAIL,
            "start the server; open its TCP port in the firewall of the machine and of the cloud; check the name in the URL",
        ),
        "not_tertulia": (FAIL, "give the URL of Tertulia, with its prefix where it is mounted; a proxy must pass all paths on"),
        "stopping": (WARN, "the server is about to stop and lets nobody in; wait for the new one"),
    },
    "certificate": {
        "ok": (OK, ""),
        "local": (OK, ""),
        "none": (
            WARN,
            "browsers give no camera or microphone to http: pages: --tls-cert and --tls-key, a proxy with TLS, or --tls self-signed",
        ),
        "self_signed": (
            WARN,
            "everybody is warned once, and browsers do not take it for TURN over TLS; get one from an authority such as Let's Encrypt",
        ),
        "ends_soon": (WARN, "renew it, and see why it was not renewed by itself"),
        "expired": (FAIL, "renew it, and restart what serves it"),
        "not_yet": (FAIL, "set the clock of this machine and of the server; otherwise the certificate was made for later"),
        "wrong_name": (FAIL, "use a name that the certificate has, or get one for this name"),
        "untrusted": (FAIL, "serve the whole chain (fullchain.pem), from an authority that browsers know"),
        "no_tls": (FAIL, "this port does not speak TLS: use http:, or turn TLS on"),
    },
    "clock": {
        "ok": (OK, ""),
        "off": (WARN, "let both machines take the time from the network (NTP): tokens allow for ten seconds"),
        "wrong": (FAIL, "let both machines take the time from the network (NTP): tokens and TURN credentials are void"),
        "unknown": (SKIP, ""),
    },
    "websocket": {
        "ok": (OK, ""),
        "refused": (FAIL, "a proxy in front must pass Upgrade and Connection on (for nginx: proxy_http_version 1.1 and both headers)"),
        "no_answer": (FAIL, "a proxy in front must pass WebSockets on, and must not hold them back"),
    },
    "ice_servers": {
        "ok": (OK, ""),
        "no_turn": (WARN, "people whose network lets no UDP through, or who have no direct road to each other, need TURN"),
        "token_required": (SKIP, _GIVE_TOKEN),
        "token_withheld": (
            SKIP,
            "the token was not sent, for the certificate is not trusted: run it on the server, or name the certificate in SSL_CERT_FILE",
        ),
        "token_refused": (FAIL, "this token is not good here: make a new one with this server's secret"),
        "missing": (FAIL, "this server hands out no ICE servers: it is older than this command, or a proxy does not pass /api on"),
        "malformed": (FAIL, "something between answers for the server: look at what /api/v1/ice-servers gives"),
        "expired": (FAIL, "set the clock of the server: its TURN credentials are over before they are used"),
    },
    "stun": {
        "ok": (OK, ""),
        "no_answer": (FAIL, "open this UDP port in the firewall of the machine, of the cloud and of the router"),
        "refused": (FAIL, "nobody listens there: is the port the one that the server logs, and is it forwarded?"),
        "none": (SKIP, ""),
        "not_asked": (SKIP, ""),
    },
    "media_udp": {
        "ok": (OK, ""),
        "no_answer": (FAIL, "open the UDP port, and tell by --public-ip where people outside find the server"),
        "refused": (FAIL, "the server makes no connection for media: its log says why"),
        "none": (FAIL, "the server tells no UDP address: see which addresses it logs when it starts"),
        "not_asked": (SKIP, _GIVE_TOKEN),
    },
    "media_tcp": {
        "ok": (OK, ""),
        "no_answer": (
            WARN,
            "people without UDP come by TURN only: with a proxy in front, the TCP port itself must be open besides it",
        ),
        "none": (WARN, "people whose network lets no UDP through come by TURN over TCP or TLS only"),
        "not_asked": (SKIP, ""),
    },
    "addresses": {
        "public": (OK, ""),
        "local": (OK, ""),
        "private_only": (WARN, "only people in the same network reach media: --public-ip says where the others find it"),
        "not_asked": (SKIP, ""),
    },
    "turn_udp": _turn(SKIP, "", "open this UDP port in the firewall of the machine, of the cloud and of the router"),
    "turn_tcp": _turn(
        WARN,
        "people whose network lets no UDP through may not get in: let the server have its TCP port",
        "open this TCP port; a proxy for HTTP does not pass TURN on",
    ),
    "turn_tls": {
        **_turn(
            WARN,
            "people behind a firewall that knows only HTTPS may not get in: give the server a certificate, at best on port 443",
            "open this TCP port; a proxy that ends TLS does not pass TURN on",
        ),
        "certificate": (WARN, "browsers take no TURN server whose certificate is not good for its name: see certificate"),
    },
    "mtu": {
        "ok": (OK, ""),
        "small": (WARN, "a tunnel on the way lets less through than media may need: raise its MTU to 1,500, or at least to 1,280"),
        "too_small": (FAIL, "packets of usual size are lost on the way: raise the MTU of the tunnel or link (1,280 at least)"),
        "not_tried": (SKIP, ""),
    },
    "ipv6": {
        "ok": (OK, ""),
        "none": (SKIP, ""),
        "not_here": (SKIP, ""),
        "no_answer": (WARN, "the server promises IPv6, and does not answer there: open its ports for it, too, or take the address back"),
    },
    "files": {
        "ok": (OK, ""),
        "low": (WARN, "every socket and every relayed port takes one: LimitNOFILE=65536 in its systemd unit, or ulimit -n 65536"),
        "unknown": (SKIP, ""),
    },
    "buffers": {
        "ok": (OK, ""),
        "small": (WARN, "bursts of packets get lost: sysctl -w net.core.rmem_max=8388608 net.core.wmem_max=4194304"),
        "unknown": (SKIP, ""),
    },
    "gso": {
        "ok": (OK, ""),
        "missing": (WARN, "sending costs much more CPU: a Linux kernel from 4.18 on, outside of gVisor and the like"),
    },
    "ports": {
        "ok": (OK, ""),
        "moved": (WARN, "another program has UDP port 3478: end it, or name a port by --udp-port and open that one"),
        "unknown": (SKIP, ""),
    },
}  # fmt: skip


def _kinds() -> Iterator[tuple[str, Kind]]:
    for check, outcomes in _TABLE.items():
        for outcome, (state, advice) in outcomes.items():
            yield f"{check}_{outcome}", Kind(check, state, advice)


KINDS: Final[Mapping[str, Kind]] = dict(_kinds())
CHECKS: Final = tuple(_TABLE)
"""In the order in which they are told."""
