"""Datagrams from people who mean no good: dropped, counted by reason, answered by nothing that helps them, and a call beside it goes on."""

from __future__ import annotations

import asyncio
import random
import struct

import pytest

from tertulia.wire import native
from tests.hostile import stun
from tests.hostile.attacker import Attacker, client_hello
from tests.hostile.call import Call
from tests.hostile.conftest import Target
from tests.hostile.guest import Guest

LENGTHS = (1, 2, 4, 12, 19, 20, 28, 100, 1_200, 1_472, 2_000)
FIRST_BYTES = range(256)
AMPLIFICATION = 2.3
"""An IPv4 address told to a bare header of 20 bytes: 32 bytes; an IPv6 one 44."""


def garbage(seed: int) -> list[bytes]:
    """Every first byte at every length; the same each time."""
    source = random.Random(seed)
    return [bytes([first]) + source.randbytes(length - 1) for length in LENGTHS for first in FIRST_BYTES]


def rtp(sequence: int = 1, ssrc: int = 1) -> bytes:
    return struct.pack("!BBHII", 0x80, 96, sequence, 0, ssrc) + bytes(100)


def rtcp(ssrc: int = 1) -> bytes:
    return struct.pack("!BBHI", 0x80, 201, 1, ssrc) + bytes(14)


async def test_garbage_of_every_first_byte(target: Target, attacker: Attacker, call: Call) -> None:
    # What could be STUN or a channel of TURN is looked at by the front or by the relay.
    classes = {"dropped_stun__or__relay_dropped_malformed": [*range(4), *range(64, 128)]}
    addressed = [*range(20, 64), *range(128, 192)]
    unknown = set(FIRST_BYTES) - {byte for bytes_ in classes.values() for byte in bytes_} - set(addressed)
    expected = {name: len(firsts) * len(LENGTHS) for name, firsts in classes.items()}
    expected["dropped_unknown_address"] = len(addressed) * len(LENGTHS)
    expected["dropped_unknown_kind"] = len(unknown) * len(LENGTHS)
    async with call.undisturbed(), target.counts(**expected):
        await attacker.send_all(garbage(1))
    assert attacker.received == []


async def test_empty_and_overlong_datagrams(target: Target, attacker: Attacker, call: Call) -> None:
    async with call.undisturbed(), target.counts(dropped_unknown_kind=10, dropped_truncated=30):
        await attacker.send_all([b""] * 10)
        await attacker.send_all([bytes([first]) + bytes(9_000) for first in (0, 22, 128) for _ in range(10)])
    assert attacker.received == []


@pytest.mark.parametrize("name", ["rtp", "rtcp", "dtls"])
async def test_a_strangers_media_and_handshakes(name: str, target: Target, attacker: Attacker, call: Call) -> None:
    datagram = {"rtp": rtp(), "rtcp": rtcp(), "dtls": client_hello()}[name]
    async with call.undisturbed(), target.counts(dropped_unknown_address=100):
        await attacker.send_all([datagram] * 100)
    assert attacker.received == []


async def test_a_strangers_copies_of_real_packets(target: Target, attacker: Attacker, call: Call) -> None:
    async with call.undisturbed(), target.counts(dropped_unknown_address=100):
        await attacker.send_all((call.sent * 100)[:100])
    assert attacker.received == []


async def test_media_before_the_handshake(target: Target, attacker: Attacker, call: Call) -> None:
    async with Guest(target.url, call.room) as guest:
        await guest.validate(attacker)
        async with call.undisturbed(), target.counts(dropped_before_keys=200):
            await attacker.send_all([rtp(sequence) for sequence in range(100)])
            await attacker.send_all([rtcp()] * 100)
    assert attacker.received == []


ALERT = bytes([21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40])
"""Fatal, handshake_failure, unprotected."""


async def test_a_failed_handshake_ends_that_connection_only(target: Target, attacker: Attacker, call: Call) -> None:
    async with Guest(target.url, call.room) as guest:
        await guest.validate(attacker)
        with guest.client.events(native.MediaLost) as lost:
            async with call.undisturbed(), target.counts(dropped_bad_dtls=1):
                attacker.send(ALERT)
            await lost.next(10)
        # Its address is a stranger's again.
        async with target.counts(dropped_unknown_address=1):
            attacker.send(rtp())
    assert attacker.received == []


async def test_broken_handshakes_are_passed_over(target: Target, attacker: Attacker, call: Call) -> None:
    """DTLS discards invalid records (RFC 6347 section 4.1.2.7), so that nobody ends a handshake by throwing something in.

    Only what cannot be read: a well-formed message of another type than ClientHello, first in the handshake, blocks dimpl 0.9 for good.
    """
    hello = client_hello()
    source = random.Random(2)
    broken = [hello[:length] for length in range(13, len(hello), 7)]
    broken += [hello[:at] + bytes([hello[at] ^ 0xFF]) + hello[at + 1 :] for at in range(16, 24)]
    broken += [hello[:25] + source.randbytes(len(hello) - 25) for _ in range(50)]
    async with Guest(target.url, call.room) as guest, call.undisturbed():
        await guest.validate(attacker)
        await attacker.send_all(broken)
        assert attacker.received == []
        attacker.send(hello)
        await asyncio.wait_for(attacker.arrived.wait(), 30)
        assert attacker.received[0][0] == 22


async def test_replayed_media(target: Target, call: Call) -> None:
    """By Ana's own address: whoever can forge it cannot play her packets again."""
    packets = call.sent[-50:]
    async with call.undisturbed(), target.counts(dropped_replayed=len(packets)):
        for packet in packets:
            await call.replay(packet)


async def test_forged_media(target: Target, call: Call) -> None:
    """By Ana's own address, with her SSRC and fresh numbers, but not her key."""

    def forge(packet: bytes, ahead: int) -> bytes:
        if 192 <= packet[1] < 224:  # RTCP
            return packet[:-1] + bytes([packet[-1] ^ 1])
        sequence = (int.from_bytes(packet[2:4]) + ahead) % 2**16
        return packet[:2] + sequence.to_bytes(2) + packet[4:]

    packets = call.sent[-50:]
    async with call.undisturbed(), target.counts(dropped_bad_auth=len(packets)):
        for ahead, packet in enumerate(packets, 100):
            await call.replay(forge(packet, ahead))


async def test_a_plain_binding_request_tells_the_address(target: Target, attacker: Attacker) -> None:
    async with target.counts(stun_answered=1):
        request = stun.message()
        answer = await attacker.ask(request)
    assert stun.kind(answer) == stun.SUCCESS
    assert stun.mapped(answer) == attacker.address
    assert len(answer) <= AMPLIFICATION * len(request)


async def test_an_unknown_attribute_is_refused_by_name(target: Target, attacker: Attacker) -> None:
    request = stun.message(stun.BINDING, (0x7F00, b"what?"), (stun.SOFTWARE, b"test"))
    answer = await attacker.ask(request)
    assert stun.kind(answer) == stun.ERROR
    assert stun.attributes(answer)[stun.ERROR_CODE][:4] == bytes([0, 0, 4, 20])
    assert stun.attributes(answer)[stun.UNKNOWN][:2] == bytes([0x7F, 0x00])
    assert len(answer) <= AMPLIFICATION * len(request)


async def test_no_answer_is_much_longer_than_its_request(target: Target, attacker: Attacker) -> None:
    unknown = [(0x7E00 + number, b"") for number in range(300)]
    requests = [
        stun.message(fingerprint=True),
        stun.message(stun.BINDING, *unknown[:1]),
        stun.message(stun.BINDING, *unknown),
        stun.message(stun.BINDING, (stun.SOFTWARE, bytes(1_800))),
        stun.message(stun.BINDING, *[(stun.SOFTWARE, b"")] * 400),
    ]
    for request in requests:
        answer = await attacker.ask(request)
        assert len(answer) <= AMPLIFICATION * len(request)
        assert len(answer) <= 128


ANY_STUN = "__or__".join(
    ("dropped_stun", "relay_dropped_malformed", "relay_dropped_method", "relay_dropped_no_allocation")
)


def bad_stun() -> list[bytes]:
    """None of these is for us to answer."""
    whole = stun.message(stun.BINDING, (stun.SOFTWARE, b"test"), fingerprint=True)
    header = struct.Struct("!HHI12s")
    return [
        *(whole[:length] for length in range(1, len(whole))),
        whole[:-1] + bytes([whole[-1] ^ 1]),  # wrong FINGERPRINT
        whole + bytes(4),
        whole[:4] + bytes(4) + whole[8:],  # no magic cookie (RFC 3489)
        header.pack(stun.BINDING, 8, stun.COOKIE, bytes(12)) + struct.pack("!HH", stun.SOFTWARE, 0xFFFF) + bytes(4),
        header.pack(stun.BINDING, 4, stun.COOKIE, bytes(12)) + struct.pack("!HH", stun.USERNAME, 5),
        header.pack(stun.BINDING, 0xFFFC, stun.COOKIE, bytes(12)),
        # Answers and indications, which must not make two servers talk for ever; unknown methods.
        *(stun.message(kind) for kind in (0x0101, 0x0111, 0x0011, 0x0103, 0x0113, 0x0016, 0x0017, 0x0006, 0x03FF)),
    ]


async def test_bad_stun_gets_no_answer(target: Target, attacker: Attacker, call: Call) -> None:
    async with call.undisturbed(), target.counts(**{ANY_STUN: len(bad_stun())}):
        await attacker.send_all(bad_stun())
    assert attacker.received == []


@pytest.mark.parametrize("method", [0x0003, 0x0004, 0x0008, 0x0009])
async def test_turn_without_credentials_is_refused_in_few_bytes(
    method: int, target: Target, attacker: Attacker
) -> None:
    answer = await attacker.ask(stun.message(method))
    assert stun.kind(answer) == method | 0x0110
    assert stun.attributes(answer)[stun.ERROR_CODE][:4] == bytes([0, 0, 4, 1])
    assert len(answer) <= 160


async def test_checks_for_nobody_or_with_a_wrong_password(target: Target, attacker: Attacker, call: Call) -> None:
    async with Guest(target.url, call.room) as guest, call.undisturbed():
        nobody = [guest.check(ufrag=ufrag) for ufrag in ("nobody", "x" * 256, ":", "\N{SNOWMAN}", "a:b:c")]
        nobody += [
            stun.message(stun.BINDING, (stun.USERNAME, name)) for name in (b":", b"nobody:me", b"nobody:" + bytes(500))
        ]
        async with target.counts(dropped_unknown_fragment__or__dropped_bad_stun=len(nobody)):
            await attacker.send_all(nobody)
        async with target.counts(dropped_bad_stun=50):
            await attacker.send_all([guest.check(password="guessed" * 4) for _ in range(50)])
        assert attacker.received == []
        # The address is not proved by that.
        async with target.counts(dropped_unknown_address=2):
            await attacker.send_all([client_hello(), rtp()])
        assert attacker.received == []
        await guest.validate(attacker)


VICTIMS = "127.0.0.1", "127.0.0.77"


def candidate(address: tuple[str, int], number: int = 1, kind: str = "host") -> str:
    related = "" if kind == "host" else f" raddr {address[0]} rport {address[1]}"
    return f"candidate:{number} 1 udp 2130706431 {address[0]} {address[1]} typ {kind}{related}"


@pytest.mark.parametrize("setup", ["actpass", "passive"])
async def test_candidates_that_point_at_others(setup: str, target: Target, attacker: Attacker, call: Call) -> None:
    """Not even where the server is to begin the handshake does it send to an address that proved nothing."""
    async with Attacker(target.udp_port, VICTIMS[0]) as one, Attacker(target.udp_port, VICTIMS[1]) as two:
        victims = one, two
        lines = [
            candidate(victim.address, number, kind)
            for victim in victims
            for number, kind in enumerate(("host", "srflx", "prflx", "relay"))
        ]
        lines += [f"candidate:9 1 tcp 1 {one.address[0]} {one.address[1]} typ host tcptype passive"]
        more = "".join(f"a={line}\r\n" for line in lines) + "a=end-of-candidates\r\n"
        async with Guest(target.url, call.room, setup=setup, more=more) as guest, call.undisturbed():
            for line in [*lines, "", "candidate:nonsense", "x" * 1_000]:
                await guest.client.candidate("server", line, sdp_mid="0")
            await guest.validate(attacker)
            if setup == "passive":
                # The server has begun: to whom it may.
                await asyncio.wait_for(attacker.arrived.wait(), 30)
                assert attacker.received[0][0] == 22
            for victim in victims:
                await victim.settle()
                assert victim.received == []


async def test_checks_are_answered_one_by_one_and_begin_one_handshake(
    target: Target, attacker: Attacker, call: Call
) -> None:
    """Where the server begins DTLS, every further check brings its own answer and nothing else."""
    async with Guest(target.url, call.room, setup="passive") as guest, call.undisturbed():
        checks = [guest.check() for _ in range(20)]
        answers = [await attacker.ask(request) for request in checks]
        assert all(len(answer) <= len(request) for request, answer in zip(checks, answers, strict=True))
        await asyncio.wait_for(attacker.arrived.wait(), 30)
        await attacker.settle()
        sent = sum(map(len, attacker.received))
        assert sent <= AMPLIFICATION * sum(map(len, checks)), f"{len(attacker.received)} datagrams, {sent} bytes"
