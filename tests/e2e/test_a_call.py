"""People talk: two directly, three and more by the server, and nobody sees a black frame in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.thorough import thorough

from .caller import Caller, until
from .conftest import Server

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
Invite = Callable[..., Any]


async def everyone_meets(*callers: Caller) -> None:
    await asyncio.gather(*(caller.meets(*(other for other in callers if other is not caller)) for caller in callers))


async def test_two_people_talk_directly(people: Invite, server: Server) -> None:
    ana, ben = await people("Ana", "Ben")
    before = await server.metric("tertulia_rtp_in_total")
    await ana.join()
    await ben.join()
    await everyone_meets(ana, ben)
    await ana.talks_directly()
    await ben.talks_directly()
    assert await server.metric("tertulia_rtp_in_total") == before


async def test_a_stranger_is_not_taken_for_the_other(people: Invite) -> None:
    """The control of all other tests here: looking for the wrong person must fail."""
    ana, ben = await people("Ana", "Ben")
    await ana.join()
    await ben.join()
    await ana.sees(ben)
    impostor = Caller(ben.page, ben.name, ben.number + 1, ben.room)
    with pytest.raises(AssertionError, match="sees Ben move"):
        await ana.sees(impostor, patience=2)
    with pytest.raises(AssertionError, match="hears Ben"):
        await ana.hears(impostor, patience=2)


async def test_three_people_talk_by_the_server(people: Invite, server: Server) -> None:
    callers = await people("Ana", "Ben", "Cora")
    for caller in callers:
        await caller.join()
    await everyone_meets(*callers)
    for caller in callers:
        await caller.talks_by_the_server(server.udp_port)


async def two_far_from_the_server(people: Invite) -> tuple[Caller, Caller, Caller]:
    """Ana and Ben talk directly; to set up anything with the server takes them more than half a second. Cora has not come yet."""
    ana, ben, cora = await people("Ana", "Ben", "Cora")
    await ana.join()
    await ben.join()
    await everyone_meets(ana, ben)
    for caller in (ana, ben):
        await caller.call("farFromServer", delay=600)
    return ana, ben, cora


@pytest.mark.thorough
async def test_a_third_person_costs_the_first_two_no_picture(people: Invite, server: Server) -> None:
    ana, ben, cora = await two_far_from_the_server(people)
    since = {caller.name: await caller.clock() for caller in (ana, ben)}
    await cora.join()
    await everyone_meets(ana, ben, cora)
    await ana.talks_by_the_server(server.udp_port)
    await ben.talks_by_the_server(server.udp_port)
    for caller, other in ((ana, ben), (ben, ana)):
        gaps = await caller.gaps(other, since[caller.name])
        assert gaps.missing <= 5, gaps
        assert gaps.longest <= 0.5, gaps


async def test_a_break_before_the_make_would_be_noticed(people: Invite) -> None:
    """The control of the test before: a direct road that is closed when the switch begins must fail its limits."""
    ana, ben, cora = await two_far_from_the_server(people)
    since = await ana.clock()
    await ben.call("breakBeforeMake")
    await cora.join()
    await ana.meets(ben, cora)
    gaps = await ana.gaps(ben, since)
    assert gaps.missing > 5 or gaps.longest > 0.5, gaps


async def test_back_to_two_is_direct_again_without_a_gap(people: Invite, server: Server) -> None:
    ana, ben, cora = await people("Ana", "Ben", "Cora")
    for caller in (ana, ben, cora):
        await caller.join()
    await everyone_meets(ana, ben, cora)
    await cora.call("leave")

    async def topology(phase: str) -> bool:
        now = (await ana.call("state"))["topology"]
        return bool(now["mode"] == "direct" and phase in (now["phase"], "any"))

    await until(lambda: topology("any"), "the direct road is made", patience=30)
    # Ten quiet seconds have passed; only the switch is judged, which is not over before the other side is ready too.
    since = await ana.clock() - 200
    await until(lambda: topology("commit"), "two people talk directly again", patience=30)
    await everyone_meets(ana, ben)
    await ana.talks_directly()
    gaps = await ana.gaps(ben, since)
    assert gaps.missing <= 5, gaps
    assert gaps.longest <= 0.5, gaps


async def test_six_people_all_see_each_other(people: Invite, server: Server) -> None:
    callers = await people("Ana", "Ben", "Cora", "Dan", "Eva", "Fay")
    for caller in callers:
        await caller.join(fps=5)
    # One after the other: sixty questions at a time would take the machine from what they ask about.
    for caller in callers:
        await caller.meets(*(other for other in callers if other is not caller))
    for caller in callers:
        await caller.talks_by_the_server(server.udp_port)


@pytest.mark.parametrize("company", [thorough(2), 3])
async def test_a_muted_camera_and_microphone_reach_nobody(people: Invite, company: int) -> None:
    callers = await people("Ana", "Ben", "Cora")
    ana, ben = callers[:2]
    for caller in callers[:company]:
        await caller.join()
    await ana.meets(ben)
    await ben.call("mute", source="camera", muted=True)
    await ben.call("mute", source="microphone", muted=True)
    await ana.hears_nothing_of(ben)
    await ana.sees_nothing_new_of(ben)
    await ben.call("mute", source="camera", muted=False)
    await ben.call("mute", source="microphone", muted=False)
    await ana.meets(ben)


async def test_who_speaks_is_known_to_everybody(people: Invite) -> None:
    ana, ben, cora = await people("Ana", "Ben", "Cora")
    for caller in (ana, ben, cora):
        await caller.join()
    await ana.meets(ben, cora)

    async def heard(*speaking: Caller) -> bool:
        return set(await ana.page.evaluate("person.speakers()")) == {caller.identity for caller in speaking}

    await until(lambda: heard(ana, ben, cora), "all three speak")
    await ben.call("mute", source="microphone", muted=True)
    await until(lambda: heard(ana, cora), "Ben is silent")
    await ben.call("mute", source="microphone", muted=False)
    await until(lambda: heard(ana, ben, cora), "Ben speaks again")


async def test_who_leaves_is_gone_and_the_others_go_on(people: Invite) -> None:
    ana, ben, cora = await people("Ana", "Ben", "Cora")
    for caller in (ana, ben, cora):
        await caller.join()
    await everyone_meets(ana, ben, cora)
    await ben.call("leave")

    async def gone() -> bool:
        return bool(await ana.page.evaluate("person.names()") == ["Cora"])

    await until(gone, "Ben is gone for Ana")
    await ana.meets(cora)


async def test_a_reloaded_page_joins_again(people: Invite) -> None:
    ana, ben, cora = await people("Ana", "Ben", "Cora")
    for caller in (ana, ben, cora):
        await caller.join()
    await everyone_meets(ana, ben, cora)
    await ben.page.reload()
    await ben.join()
    await everyone_meets(ana, ben, cora)


@pytest.mark.thorough
async def test_a_second_tab_is_a_second_person(people: Invite) -> None:
    ana, ben = await people("Ana", "Ben")
    (tab,) = await people("Ben, tab 2")
    await ana.join()
    await ben.join()
    await tab.join()
    await everyone_meets(ana, ben, tab)


async def test_a_dropped_socket_is_not_a_dropped_call(people: Invite, server: Server) -> None:
    ana, ben, cora = await people("Ana", "Ben", "Cora")
    for caller in (ana, ben, cora):
        await caller.join()
    await everyone_meets(ana, ben, cora)
    since = await ana.clock()
    await server.post(f"/_test/drop-socket?room={ben.room}&participant={ben.identity}")

    async def resumed() -> bool:
        log = (await ben.call("state"))["log"]
        states = [entry["value"] for entry in log if entry["what"] == "state"]
        return states[-2:] == ["reconnecting", "connected"]

    await until(resumed, "Ben's signalling is back")
    await everyone_meets(ana, ben, cora)
    gaps = await ana.gaps(ben, since)
    assert gaps.missing <= 5, gaps
    assert gaps.longest <= 0.5, gaps


async def test_a_lost_worker_brings_its_people_back(people: Invite, server: Server) -> None:
    callers = await people("Ana", "Ben", "Cora")
    for caller in callers:
        await caller.join()
    await everyone_meets(*callers)
    since = [await caller.clock() for caller in callers]
    for worker in range(int(await server.metric("tertulia_workers"))):
        await server.post(f"/_test/crash?worker={worker}")
    await everyone_meets(*callers)
    for caller, before in zip(callers, since, strict=True):
        for other in callers:
            if other is not caller:
                gaps = await caller.gaps(other, before)
                assert gaps.longest <= 2, f"{caller.name} without {other.name}: {gaps}"
                print(f"{caller.name} without {other.name} for {gaps.longest:.2f} s")
