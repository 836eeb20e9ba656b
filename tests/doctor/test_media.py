"""The ways to the server's media, open and closed."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator

import pytest
from aioice import stun as messages

from tertulia.doctor import media
from tertulia.doctor.finding import Finding
from tertulia.doctor.site import Site
from tertulia.doctor.visit import Candidate, Visit, candidates
from tertulia.media.stun import Credentials

SITE = Site.parse("http://127.0.0.1:1", within=0.5)
CREDENTIALS = Credentials("ours", "theirs", "a password of theirs")


class IceTcp:
    """Passive ICE over TCP. `password`: what it signs with; `junk`: what it says first; `hangs_up`: says nothing."""

    def __init__(self, password: str = CREDENTIALS.password, *, junk: bytes = b"", hangs_up: bool = False) -> None:
        self.names: list[str] = []
        self._password = password
        self._junk = junk
        self._hangs_up = hangs_up

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[Candidate]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield Candidate("tcp", "127.0.0.1", server.sockets[0].getsockname()[1])
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        request = messages.parse_message(await reader.readexactly(length))
        self.names.append(request.attributes["USERNAME"])
        if not self._hangs_up:
            mapped = {"XOR-MAPPED-ADDRESS": writer.get_extra_info("peername")}
            answer = messages.Message(
                messages.Method.BINDING, messages.Class.RESPONSE, request.transaction_id, dict(mapped)
            )
            answer.add_message_integrity(self._password.encode())
            writer.write(self._junk + struct.pack("!H", len(bytes(answer))) + bytes(answer))
            await writer.drain()
            with contextlib.suppress(OSError):
                await reader.read(1)
        writer.close()


async def over_tcp(server: IceTcp) -> Finding:
    async with server.serving() as candidate:
        found = await media.check(SITE, Visit((), (candidate,), CREDENTIALS))
    assert server.names == ["theirs:ours"]
    return found[1]


@pytest.mark.parametrize(
    ("server", "code", "says"),
    [
        (IceTcp(), "media_tcp_ok", "answers"),
        (IceTcp(junk=b"\x00\x04junk"), "media_tcp_ok", "answers"),
        (IceTcp("another password"), "media_tcp_no_answer", "does not answer"),
        (IceTcp(junk=b"HTTP/1.1 400 Bad Request\r\n"), "media_tcp_no_answer", "no ICE"),
        (IceTcp(hangs_up=True), "media_tcp_no_answer", "hung up"),
    ],
)
async def test_ice_over_tcp(server: IceTcp, code: str, says: str) -> None:
    finding = await over_tcp(server)
    assert (finding.code, says in finding.detail) == (code, True), finding.detail


async def test_udp_that_is_dropped_and_a_port_that_is_closed() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        told = (Candidate("udp", "127.0.0.1", deaf.getsockname()[1]), Candidate("tcp", "127.0.0.1", 1))
        udp, tcp, _ = await media.check(SITE, Visit((), told, CREDENTIALS))
    assert (udp.code, tcp.code) == ("media_udp_no_answer", "media_tcp_no_answer")
    assert "does not answer" in udp.detail and "is closed" in tcp.detail


async def test_what_was_not_told_and_what_was_not_asked() -> None:
    codes = [finding.code for finding in await media.check(SITE, Visit((), (), CREDENTIALS))]
    assert codes == ["media_udp_none", "media_tcp_none", "addresses_not_asked"]
    codes = [finding.code for finding in await media.check(SITE, Visit(()))]
    assert codes == ["media_udp_not_asked", "media_tcp_not_asked", "addresses_not_asked"]


@pytest.mark.parametrize(
    ("addresses", "code"),
    [
        (["10.0.0.1", "9.9.9.9"], "addresses_public"),
        (["fd00::1", "2620:fe::9"], "addresses_public"),
        (["10.0.0.1", "192.168.1.1", "100.64.0.1", "fd00::1"], "addresses_private_only"),
        (["127.0.0.1", "10.0.0.1"], "addresses_local"),
    ],
)
def test_who_could_reach_them(addresses: list[str], code: str) -> None:
    assert media.kinds([Candidate("udp", address, 3478) for address in addresses]).code == code


def test_candidates_are_read_from_the_answer() -> None:
    answer = "\r\n".join(
        [
            "a=candidate:1 1 udp 2130706431 192.0.2.1 3478 typ host",
            "a=candidate:2 1 UDP 2130706175 2001:db8::1 3479 typ host generation 0",
            "a=candidate:3 1 tcp 1518280447 192.0.2.1 3000 typ host tcptype passive",
            "a=candidate:4 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active",
            "a=candidate:5 2 udp 1 192.0.2.1 3480 typ host",
            "a=candidate:6 1 udp 1 1.2.3 3478 typ host",
            "a=candidate:7 1 udp 1 192.0.2.1 99999 typ host",
            "a=candidate:8 1 udp 1 abc.local 3478 typ host",
            "",
        ]
    )
    assert candidates(answer) == [
        Candidate("udp", "192.0.2.1", 3478),
        Candidate("udp", "2001:db8::1", 3479),
        Candidate("tcp", "192.0.2.1", 3000),
    ]
    many = "".join(f"a=candidate:1 1 udp 1 10.0.{n >> 8}.{n & 255} 3478 typ host\r\n" for n in range(500))
    assert len(candidates(many)) == 32
