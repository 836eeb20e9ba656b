"""Which STUN and TURN servers a client is told, for which of its connections."""

import ipaddress
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from tertulia import ice_url
from tertulia.auth.reached import Reached
from tertulia.auth.turn import Credentials, TurnSecret, new_identity
from tertulia.ice_url import IceUrl
from tertulia.wire.native import IceServer

MOST_URLS = 4
"""In a list. Firefox warns of five and more, and each costs a client time."""
OWN_URLS = 2
"""So many of ours stay in a list, however many others there are: the best by UDP, and the best by TCP."""
RENEWED_AFTER = 0.75
"""Part of their time after which credentials are replaced."""


@dataclass(frozen=True, slots=True)
class Issued:
    """For one client. Its credentials name neither a person nor a room."""

    sfu: tuple[IceServer, ...] = field(repr=False)
    """For a connection to the server. Never STUN or TURN over UDP at the server's own media port: libwebrtc takes every packet from the
    address of a STUN or TURN server for that server's, so media from there would not arrive."""
    direct: tuple[IceServer, ...] = field(repr=False)
    """For a connection with another person."""
    either: tuple[IceServer, ...] = field(repr=False)
    """For a page that cannot know which of the two its other side is. It has our UDP port only where that relays, for then libwebrtc
    reaches the server by the relay."""
    expires: int | None
    """When the credentials end, in seconds since 1970; None: there are none."""
    renew_at: float | None
    """When it is time for others."""


class IceServers:
    """Makes the lists. Asks nobody and keeps nothing."""

    def __init__(
        self,
        *,
        udp: Sequence[str] = (),
        tcp: Sequence[str] = (),
        tls: bool = False,
        relay: TurnSecret | None = None,
        external: Sequence[str] = (),
        external_secret: TurnSecret | None = None,
        direct: bool = True,
        ttl: float = 6 * 3600,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`udp`, `tcp`, `tls`: as in `media.roads.Roads`. `relay`: the secret of our own TURN server; None: there is none. `external`: URLs
        of other servers, for whose TURN `external_secret` is needed. `direct`: whether people may connect with each other. `ttl`: seconds.

        Raises ValueError for a URL that is none, and for a TURN server without a secret.
        """
        self._udp = [_endpoint(text) for text in udp]
        self._tcp = [_endpoint(text) for text in tcp]
        self._tls = tls
        self._relay = relay
        self._external = [(url.lower(), ice_url.parse(url)) for url in external]
        self._external_secret = external_secret
        self._direct = direct
        self._ttl = ttl
        self.clock = clock
        """Seconds since 1970."""
        for url, parsed in self._external:
            if parsed.relays and external_secret is None:
                raise ValueError(f"{url} takes credentials, and so a secret to make them with")

    def issue(self, reached: Reached) -> Issued:
        """For a client that came to us in this way; for each of its connections anew."""
        external = [url for url, _ in self._external]
        elsewhere = [url for url, parsed in self._external if not self._is_own_media(parsed, reached)]
        if reached.secure and not self._tls and self._is_our_listener(reached):
            # What has ended TLS answers by the name.
            reached = replace(reached, name="", port=0)
        now = self.clock()
        expires = int(now + self._ttl)
        identity = new_identity()
        own = None if self._relay is None else self._relay.credentials(identity, expires)
        other = None if self._external_secret is None else self._external_secret.credentials(identity, expires)

        def servers(urls: Sequence[str], others: Sequence[str]) -> tuple[IceServer, ...]:
            kept = urls[: max(OWN_URLS, MOST_URLS - len(others))]
            return (*_servers(kept, own), *_servers(others, other))

        sfu = servers(self._by_tcp(reached), elsewhere)
        direct = servers(self._all(reached), external) if self._direct else sfu
        ends = any(server.credential is not None for server in (*sfu, *direct))
        return Issued(
            sfu,
            direct,
            either=sfu if self._relay is None else direct,
            expires=expires if ends else None,
            renew_at=now + RENEWED_AFTER * self._ttl if ends else None,
        )

    def _all(self, reached: Reached) -> list[str]:
        """The best first. A browser uses a TURN server over UDP for STUN as well, so STUN in the other family tells it more."""
        near = sorted(self._udp, key=lambda endpoint: _distance(endpoint, reached))
        others = [endpoint for endpoint in near if (":" in endpoint.host) != (":" in near[0].host)]
        stun = [ice_url.write("stun", *endpoint) for endpoint in (*others[:1], *near[:1])]
        if self._relay is None:
            return stun
        relay = [ice_url.write("turn", *endpoint, "udp") for endpoint in near[:1]]
        return [*relay, *self._by_tcp(reached), *stun]

    def _by_tcp(self, reached: Reached) -> list[str]:
        if self._relay is None or not self._tcp:
            return []
        if not reached.name:
            # What answers by the name may pass on nothing but HTTP, and no certificate has these addresses.
            nearest = min(self._tcp, key=lambda endpoint: _distance(endpoint, reached))
            return [ice_url.write("turn", *nearest, "tcp")]
        # On our own listener the way that this request took is open, even where the port has another number outside.
        port = reached.port if self._is_our_listener(reached) else self._tcp[0].port
        plain = ice_url.write("turn", reached.name, port, "tcp")
        return [ice_url.write("turns", reached.name, port, "tcp"), plain] if self._tls else [plain]

    def _is_our_listener(self, reached: Reached) -> bool:
        return any(endpoint.port == reached.local_port for endpoint in self._tcp)

    def _is_own_media(self, url: IceUrl, reached: Reached) -> bool:
        """Whether this is said to be somebody else's, but leads to our media port."""
        return url.transport == "udp" and any(
            url.port == port and url.host in (host, reached.name) for host, port in self._udp
        )


class _Endpoint(NamedTuple):
    host: str
    port: int


def _endpoint(text: str) -> _Endpoint:
    host, _, port = text.rpartition(":")
    return _Endpoint(host.strip("[]"), int(port))


def _distance(endpoint: _Endpoint, reached: Reached) -> tuple[bool, bool]:
    """The address by which the client came before others, then those of its family; among equals the order in which they are told."""
    is_of_its_family = not reached.client or (":" in endpoint.host) == (":" in reached.client)
    return endpoint.host != _arrival(reached), not is_of_its_family


def _arrival(reached: Reached) -> str:
    """Our address as the client knows it; empty where a proxy, or a router that translates addresses, stands between."""
    if not reached.name or (_is_public(reached.client) and not _is_public(reached.local)):
        return ""
    return reached.local


def _is_public(address: str) -> bool:
    return bool(address) and ipaddress.ip_address(address).is_global


def _servers(urls: Sequence[str], credentials: Credentials | None) -> list[IceServer]:
    """STUN servers take no credentials, so they stand by themselves."""
    relays = [url for url in urls if url.startswith("turn")]
    others = [url for url in urls if not url.startswith("turn")]
    found = [IceServer(urls=others, username=None, credential=None)] if others else []
    if relays:
        assert credentials is not None
        found.append(IceServer(urls=relays, username=credentials.username, credential=credentials.password))
    return found
