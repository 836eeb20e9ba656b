"""A participant with an ICE agent of its own making, for what no library would send."""

from __future__ import annotations

import secrets
from types import TracebackType

from tertulia.client import Client
from tests.hostile import stun
from tests.hostile.attacker import Attacker

FINGERPRINT = "sha-256 " + ":".join(["AB"] * 32)


def offer(ufrag: str, password: str, setup: str = "actpass", more: str = "") -> str:
    """A data channel only, with `more` lines in its section."""
    return (
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
        f"a=ice-ufrag:{ufrag}\r\na=ice-pwd:{password}\r\na=fingerprint:{FINGERPRINT}\r\na=setup:{setup}\r\n"
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sctp-port:5000\r\n" + more
    )


class Guest:
    """`async with Guest(url, room) as guest`: joined, and its first offer answered."""

    def __init__(self, url: str, room: str, *, setup: str = "actpass", more: str = "") -> None:
        self.client = Client(url, room=room, name="Guest")
        self.ufrag, self.password = secrets.token_hex(4), secrets.token_hex(12)
        self._offer = offer(self.ufrag, self.password, setup, more)

    async def __aenter__(self) -> Guest:
        await self.client.__aenter__()
        self.answer = await self.client.offer_to_server(1, self._offer, {})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.close()

    def _value(self, name: str) -> str:
        return next(line.partition(":")[2] for line in self.answer.splitlines() if line.startswith(f"a={name}:"))

    def check(self, *more: tuple[int, bytes], ufrag: str = "", password: str = "") -> bytes:
        """A connectivity check; with a wrong fragment or password where one is given."""
        return stun.check(self.ufrag, ufrag or self._value("ice-ufrag"), password or self._value("ice-pwd"), *more)

    async def validate(self, attacker: Attacker) -> None:
        """Proves the attacker's address to the server."""
        answer = await attacker.ask(self.check())
        assert stun.kind(answer) == stun.SUCCESS
        assert stun.mapped(answer) == attacker.address
