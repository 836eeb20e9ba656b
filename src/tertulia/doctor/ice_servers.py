"""What the server hands out for ICE, and the roads that are in it."""

import time
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from tertulia import ice_url
from tertulia.doctor.finding import Finding
from tertulia.doctor.site import Site

MAX_URLS: Final = 32

Road = Literal["stun", "udp", "tcp", "tls"]


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server by one road."""

    url: str
    road: Road
    host: str
    port: int
    username: str = ""
    credential: str = ""


class _Server(msgspec.Struct):
    urls: str | list[str]
    username: str | None = None
    credential: str | None = None


class _Answer(msgspec.Struct, rename="camel"):
    ice_servers: list[_Server]
    sfu: list[_Server] = []
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class HandedOut:
    findings: tuple[Finding, ...]
    urls: tuple[IceServer, ...] = ()
    is_known: bool = False
    """The server told them; otherwise nothing is known of its STUN and TURN."""


async def check(site: Site, room: str, token: str | None) -> HandedOut:
    """Asks as a program would that wants to call somebody in this room."""
    query = urllib.parse.quote(room, safe="")
    try:
        answer = await site.get(f"/api/v1/ice-servers?room={query}", token=token)
    except TimeoutError:
        return HandedOut((Finding("ice_servers_malformed", f"no answer within {site.within:g} s"),))
    except OSError as error:
        return HandedOut((Finding("ice_servers_malformed", f"no answer: {error}"),))
    if answer.status in (401, 403):
        if token is None:
            return HandedOut((Finding("ice_servers_token_required", "this server asks for a token"),))
        if not site.is_trusted:
            return HandedOut((Finding("ice_servers_token_withheld", "see certificate"),))
        return HandedOut((Finding("ice_servers_token_refused", f"{answer.status}: {_message(answer.body)}"),))
    if answer.status == 404:
        return HandedOut((Finding("ice_servers_missing", "the server answers 404"),))
    if answer.status != 200:
        return HandedOut(
            (Finding("ice_servers_malformed", f"the server answers {answer.status}: {_message(answer.body)}"),)
        )
    try:
        given = msgspec.json.decode(answer.body, type=_Answer)
    except msgspec.DecodeError as error:
        return HandedOut((Finding("ice_servers_malformed", str(error)),))
    return _read(given)


def _read(given: _Answer) -> HandedOut:
    urls = parse(given.ice_servers)
    left = None if given.expires is None else given.expires - time.time()
    if left is not None and left <= 0:
        return HandedOut((Finding("ice_servers_expired", f"good until {-left:.0f} s ago"),), urls, True)
    if not any(url.road != "stun" for url in urls):
        named = f"{len(urls)} for STUN, none for TURN" if urls else "none"
        return HandedOut((Finding("ice_servers_no_turn", named),), urls, True)
    lasts = "" if left is None else f", good for {left / 60:.0f} minutes"
    return HandedOut((Finding("ice_servers_ok", f"{len(urls)} URLs{lasts}"),), urls, True)


def parse(servers: Sequence[_Server]) -> tuple[IceServer, ...]:
    """At most MAX_URLS, each once. What this command cannot try (`stuns:`, TURN over DTLS) and what is no URL is left out."""
    found: dict[tuple[str, str], IceServer] = {}
    for server in servers:
        for url in [server.urls] if isinstance(server.urls, str) else server.urls:
            parsed = _parse(url, server.username or "", server.credential or "")
            if parsed is not None and len(found) < MAX_URLS:
                found.setdefault((url, parsed.username), parsed)
    return tuple(found.values())


def _parse(url: str, username: str, credential: str) -> IceServer | None:
    try:
        parsed = ice_url.parse(url)
    except ValueError:
        return None
    roads: dict[tuple[str, str], Road] = {
        ("stun", "udp"): "stun",
        ("turn", "udp"): "udp",
        ("turn", "tcp"): "tcp",
        ("turns", "tcp"): "tls",
    }
    road = roads.get((parsed.scheme, parsed.transport))
    return None if road is None else IceServer(url, road, parsed.host, parsed.port, username, credential)


def _message(body: bytes) -> str:
    try:
        problem: Any = msgspec.json.decode(body)["error"]
        return f"{problem['message']} ({problem['code']})"
    except (msgspec.DecodeError, KeyError, TypeError):
        return "without saying why"
