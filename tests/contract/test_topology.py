"""Which road media takes as people come and go."""

import asyncio
from collections.abc import Callable

import pytest

from tertulia.client import Client
from tertulia.errors import Code
from tertulia.wire import native

from .server import Server
from .support import WITHIN, Invite, refused


def road(client: Client) -> tuple[str, str, set[str]]:
    topology = client.room.topology
    return topology.mode, topology.phase, {peer.participant for peer in topology.peers}


async def comes_to(client: Client, mode: str, phase: str, *peers: Client, within: float = WITHIN) -> int:
    """Waits for this road and gives its epoch."""
    others = {peer.identity for peer in peers}
    await client.until(lambda c: road(c) == (mode, phase, others), within)
    return client.room.topology.epoch


async def both_ready(*people: Client) -> None:
    for person in people:
        await person.topology_ready(person.room.topology.epoch)


@pytest.mark.timeout(90)
async def test_two_three_and_two_again(invite: Invite) -> None:
    ana = await invite("Ana", p2p=True)
    assert road(ana) == ("direct", "commit", set())
    epochs = [ana.room.topology.epoch]
    bo = await invite("Bo", p2p=True)
    epochs.append(await comes_to(ana, "direct", "commit", bo))
    assert await comes_to(bo, "direct", "commit", ana) == epochs[-1]
    assert {ana.room.topology.peers[0].polite, bo.room.topology.peers[0].polite} == {True, False}

    cy = await invite("Cy", p2p=True)
    epochs.append(await comes_to(ana, "sfu", "prepare", bo))
    assert await comes_to(bo, "sfu", "prepare", ana) == epochs[-1]
    assert cy.room.topology.mode == "sfu"
    # Nobody's media reaches this server, so it commits when the time is up. Tests with media see it happen at once.
    await both_ready(ana, bo)
    for person in (ana, bo, cy):
        await comes_to(person, "sfu", "commit", within=15)
    epochs.append(ana.room.topology.epoch)

    await cy.leave()
    # The room waits 10 s before it goes back, in case somebody comes again.
    epochs.append(await comes_to(ana, "direct", "prepare", bo, within=20))
    await comes_to(bo, "direct", "prepare", ana)
    await both_ready(ana, bo)
    epochs.append(await comes_to(ana, "direct", "commit", bo))
    await comes_to(bo, "direct", "commit", ana)
    assert epochs == sorted(set(epochs))


async def test_who_cannot_go_directly(invite: Invite) -> None:
    ana, bo = await invite("Ana", p2p=True), await invite("Bo", p2p=False)
    await comes_to(ana, "sfu", "commit")
    assert road(bo) == ("sfu", "commit", set())


async def test_a_server_that_never_lets_people_connect_directly(servers: Callable[..., Server], invite: Invite) -> None:
    url = servers("--p2p", "never").url
    ana, bo = await invite(url=url, p2p=True), await invite(url=url, p2p=True)
    await comes_to(ana, "sfu", "commit")
    assert road(bo) == ("sfu", "commit", set())


async def test_a_direct_road_that_failed(invite: Invite) -> None:
    ana, bo = await invite("Ana", p2p=True), await invite("Bo", p2p=True)
    epoch = await comes_to(ana, "direct", "commit", bo)
    await bo.road_failed(epoch)
    await comes_to(ana, "sfu", "prepare", bo)
    await comes_to(bo, "sfu", "prepare", ana)


async def test_word_of_an_old_epoch_changes_nothing(invite: Invite) -> None:
    ana, bo = await invite("Ana", p2p=True), await invite("Bo", p2p=True)
    epoch = await comes_to(ana, "direct", "commit", bo)
    await ana.road_failed(epoch - 1)
    await ana.topology_ready(epoch - 1)
    await ana.chat("nothing happened before this")
    assert road(ana) == ("direct", "commit", {bo.identity})
    assert ana.room.topology.epoch == epoch


async def test_signals_are_relayed_to_the_peer(invite: Invite) -> None:
    ana, bo = await invite("Ana", p2p=True), await invite("Bo", p2p=True)
    await comes_to(ana, "direct", "commit", bo)
    events = bo.events(native.PeerOffer, native.PeerAnswer, native.PeerCandidate)
    camera = await ana.publish("camera", "video")
    with refused(Code.NO_SUCH_PUBLICATION):
        await ana.offer(bo.identity, 1, "v=0 offer", {"0": "nonesuch"})
    await ana.offer(bo.identity, 1, "v=0 offer", {"0": camera.id})
    await ana.candidate(bo.identity, "candidate:1 1 udp 1 192.0.2.1 9 typ host", sdp_mid="0", sdp_m_line_index=0)
    await ana.candidate(bo.identity, "", username_fragment="abcd")
    await ana.answer(bo.identity, 1, "v=0 answer", {})
    heard = [await events.next(WITHIN) for _ in range(4)]
    assert heard == [
        native.PeerOffer(
            sender=ana.identity, serial=1, sdp="v=0 offer", publications={"0": camera.id}, seq=heard[0].seq
        ),
        native.PeerCandidate(
            sender=ana.identity,
            candidate="candidate:1 1 udp 1 192.0.2.1 9 typ host",
            sdp_mid="0",
            sdp_m_line_index=0,
            username_fragment=None,
            seq=heard[1].seq,
        ),
        native.PeerCandidate(
            sender=ana.identity,
            candidate="",
            sdp_mid=None,
            sdp_m_line_index=None,
            username_fragment="abcd",
            seq=heard[2].seq,
        ),
        native.PeerAnswer(sender=ana.identity, serial=1, sdp="v=0 answer", publications={}, seq=heard[3].seq),
    ]


async def test_signals_to_nobody_or_to_oneself(invite: Invite, room: str) -> None:
    ana = await invite("Ana", p2p=True)
    elsewhere = await invite("Eve", room=f"{room}-2")
    for stranger in ("nobody", elsewhere.identity):
        with refused(Code.NO_SUCH_PARTICIPANT):
            await ana.offer(stranger, 1, "v=0", {})
        with refused(Code.NO_SUCH_PARTICIPANT):
            await ana.candidate(stranger, "")
        with refused(Code.NO_SUCH_PARTICIPANT):
            await ana.answer(stranger, 1, "v=0", {})


async def test_candidates_to_the_server_are_taken_and_ignored(invite: Invite) -> None:
    ana = await invite("Ana")
    await ana.candidate("server", "candidate:1 1 udp 1 192.0.2.1 9 typ host", sdp_mid="0")
    await ana.candidate("server", "")


async def test_an_answer_to_the_server_makes_no_sense(invite: Invite) -> None:
    ana = await invite("Ana")
    with refused(Code.INVALID):
        await ana.answer("server", 1, "v=0", {})


async def test_two_at_the_same_moment(invite: Invite) -> None:
    ana, bo = await asyncio.gather(invite("Ana", p2p=True), invite("Bo", p2p=True))
    await comes_to(ana, "direct", "commit", bo)
    await comes_to(bo, "direct", "commit", ana)
    assert ana.room.topology.epoch == bo.room.topology.epoch
