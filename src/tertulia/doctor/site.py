"""The server that is examined: where it is, and how it is asked."""

import asyncio
import ipaddress
import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tertulia.media import http
from tertulia.media.addresses import system_interfaces


@dataclass(slots=True)
class Site:
    scheme: str
    host: str
    port: int
    prefix: str
    """Of the path, where it is mounted; without a slash at its end."""
    within: float
    """Seconds for each question."""
    trust: Path | None = None
    """A certificate to trust besides those of the system."""
    is_trusted: bool = True
    """Whether a token may be sent there; `certificate` finds out."""
    tls: ssl.SSLContext | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.is_tls:
            self.tls = self.strict()

    @classmethod
    def parse(cls, url: str, *, within: float, trust: Path | None = None) -> "Site":
        """Raises ValueError for what is no http: or https: URL."""
        parts = urlsplit(url)
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.query
            or parts.fragment
            or "@" in parts.netloc
        ):
            raise ValueError(f"{url!r} is not an address such as https://meet.example.org")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return cls(parts.scheme, parts.hostname, port, parts.path.rstrip("/"), within, trust)

    @property
    def is_tls(self) -> bool:
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_tls else 80) else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.prefix}"

    async def get(self, path: str, *, token: str | None = None) -> http.Answer:
        """Raises OSError, TimeoutError. A token goes nowhere but to a server that has proved who it is."""
        headers = {"host": self.authority, "accept": "*/*"}
        if token is not None and self.is_trusted:
            headers["authorization"] = f"Bearer {token}"
        async with asyncio.timeout(self.within):
            return await http.ask(self.host, self.port, "GET", self.prefix + path, headers, tls=self.tls)

    async def addresses(self, host: str = "", port: int = 0) -> list[str]:
        """Of the server, or of another host, those of IPv4 first; none for an unknown name."""
        try:
            async with asyncio.timeout(self.within):
                known = await asyncio.get_running_loop().getaddrinfo(
                    host or self.host, port or self.port, type=socket.SOCK_STREAM
                )
        except OSError:
            return []
        return sorted(dict.fromkeys(str(item[4][0]).partition("%")[0] for item in known), key=lambda text: ":" in text)

    async def is_here(self) -> bool:
        """Whether it is on this machine. One that is reached by NAT looks as if it were elsewhere."""
        own = {str(address) for item in system_interfaces() for address in item.addresses}
        return any(text in own or ipaddress.ip_address(text).is_loopback for text in await self.addresses())

    def strict(self) -> ssl.SSLContext:
        """As browsers check, but for the certificate that the server may have made and kept here."""
        context = ssl.create_default_context()
        if self.trust is not None and self.trust.is_file():
            context.load_verify_locations(self.trust)
        return context

    @staticmethod
    def lenient() -> ssl.SSLContext:
        """Encrypts, to whomever: to find out more of a server that has not proved who it is. No secret may be sent by it."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
