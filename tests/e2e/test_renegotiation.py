"""Tracks come, change and go while the call runs. Sections are used again, and nothing grows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.thorough import thorough

from .caller import Caller, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900), pytest.mark.asyncio(loop_scope="session")]
Invite = Callable[..., Any]

SETTLED = 4
"""After so many cycles every section is there that will be needed."""
SCREEN = 40
"""What a shared screen shows in place of a person's number."""
SCREEN_PITCH = 2000.0
STUTTER = 0.5
"""Seconds without a new picture that nobody notices, with room for a machine that encodes and decodes in software."""


async def weigh(*callers: Caller) -> list[dict[str, int]]:
    return [await caller.call("weight") for caller in callers]


async def shares(sharer: Caller, viewer: Caller) -> None:
    """Screen and its sound, which the other one sees and hears."""
    await sharer.call("share", id=SCREEN, hz=SCREEN_PITCH)

    async def arrives() -> bool:
        return bool(await viewer.call("watch", name=f"{sharer.name}/screen"))

    await until(arrives, f"{viewer.name} sees the screen of {sharer.name}")


async def gone(viewer: Caller, publications: int) -> None:
    async def fewer() -> bool:
        return bool((await viewer.call("weight"))["publications"] == publications)

    await until(fewer, f"{viewer.name} has {publications} publications of others")


@pytest.mark.thorough
@pytest.mark.parametrize("cycles", [20, pytest.param(200, marks=pytest.mark.soak)])
async def test_screens_and_cameras_that_come_and_go_leave_nothing_behind(
    people: Invite, serve: Invite, cycles: int
) -> None:
    server = await serve("--p2p", "never")
    ana, ben = await people("Ana", "Ben", at=server)
    await ana.join(scale=2)
    await ben.join()
    await ben.meets(ana)
    before: list[dict[str, int]] = []
    memory = 0
    for cycle in range(cycles):
        if cycle == SETTLED:
            before = await weigh(ana, ben)
            memory = server.memory()
        await shares(ana, ben)
        await ana.call("unshare")
        # In several sizes, whose section no browser has back once it rested.
        await ana.call("turn", source="camera", on=False)
        await gone(ben, 1)
        await ana.call("turn", source="camera", on=True)
        await gone(ben, 2)
    await ben.meets(ana)
    await ana.meets(ben)
    for caller in (ana, ben):
        faults = [entry for entry in (await caller.call("state"))["log"] if entry["what"] == "fault"]
        assert not faults, f"{caller.name}: {faults}"
    after = await weigh(ana, ben)
    for now, then in zip(after, before, strict=True):
        assert {name: now[name] for name in now if name != "bytes"} == {
            name: then[name] for name in then if name != "bytes"
        }
        # Numbers in it get longer; a section has some thousand.
        assert now["bytes"] <= then["bytes"] + 400, (then, now)
    grown = server.memory() - memory
    assert grown <= 12e6, f"the server has {grown} bytes more"
    print(f"{cycles} cycles: {before} {after}, server {grown / 1e6:+.1f} MB")


ROADS = pytest.mark.parametrize("policy", ["never", thorough("auto")], ids=["by the server", "directly"])


async def two_in_a_call(people: Invite, serve: Invite, policy: str) -> tuple[Caller, Caller]:
    ana, ben = await people("Ana", "Ben", at=await serve("--p2p", policy))
    await ana.join()
    await ben.join()
    await ben.meets(ana)
    await ana.meets(ben)
    if policy == "auto":
        await ben.talks_directly()
    return ana, ben


@ROADS
async def test_a_mute_is_no_negotiation(people: Invite, serve: Invite, policy: str) -> None:
    ana, ben = await two_in_a_call(people, serve, policy)
    before = await ana.call("offers"), await ben.call("offers")
    for source in ("camera", "microphone"):
        await ana.call("mute", source=source, muted=True)
    await ben.hears_nothing_of(ana)
    await ben.sees_nothing_new_of(ana)
    for source in ("camera", "microphone"):
        await ana.call("mute", source=source, muted=False)
    await ben.meets(ana)
    assert (await ana.call("offers"), await ben.call("offers")) == before


@ROADS
async def test_another_camera_and_microphone_are_no_negotiation(people: Invite, serve: Invite, policy: str) -> None:
    ana, ben = await two_in_a_call(people, serve, policy)
    before = await ana.call("offers"), await ben.call("offers")
    other = replace(ana, number=9)
    await ana.call("exchange", id=other.number, hz=other.pitch)

    async def changed() -> bool:
        return any(frame.get("id") == other.number for frame in await ben.call("watch", name=ana.name))

    await until(changed, "Ben sees the other camera")
    await ben.meets(other)
    assert (await ana.call("offers"), await ben.call("offers")) == before


async def test_a_picture_changes_its_codec_in_the_running_call(people: Invite, serve: Invite) -> None:
    ana, ben = await two_in_a_call(people, serve, "never")
    before = await weigh(ana, ben)
    for codec in ("h264", "vp9", "vp8"):
        await ana.call("turn", source="camera", on=False)
        await gone(ben, 1)
        await ana.call("turn", source="camera", on=True, sending={"codec": codec})
        await gone(ben, 2)

        async def decoded(wanted: str = f"video/{codec.upper()}") -> bool:
            received = await ben.call("received", name=ana.name)
            return bool(received) and received["codec"] == wanted

        await until(decoded, f"Ben decodes {codec}")
        await ben.sees(ana)
        await ben.hears(ana)
        assert await ana.call("sentIn") == [f"video/{codec.upper()}"]
    after = await weigh(ana, ben)
    assert [it["sections"] for it in after] == [it["sections"] for it in before], "the section is used again"


async def test_a_screen_with_its_sound_comes_and_goes_beside_the_camera(people: Invite, serve: Invite) -> None:
    ana, ben = await two_in_a_call(people, serve, "never")
    screen = f"{ana.name}/screen"

    async def sound() -> bool:
        heard = await ben.call("hear", name=f"{screen}_audio")
        return bool(heard) and abs(heard["hz"] - SCREEN_PITCH) < 12 and heard["above"] > 25

    async def silence() -> bool:
        return not await sound()

    since = await ben.clock()
    for _ in range(2):
        begun = await ben.clock()
        await ana.call("share", id=SCREEN, hz=SCREEN_PITCH)

        async def moves(begun: float = begun) -> bool:
            seen = await ben.call("watch", name=screen, since=begun)
            return len({frame["n"] for frame in seen if frame.get("id") == SCREEN}) >= 4

        await until(moves, "Ben sees the screen move")
        await until(sound, "Ben hears the screen")
        await ben.meets(ana)
        await ana.call("unshare")
        await gone(ben, 2)
        await until(silence, "Ben no longer hears the screen")
        await ben.meets(ana)
    gaps = await ben.gaps(ana, since)
    assert gaps.longest <= STUTTER, gaps


@pytest.mark.thorough
async def test_a_larger_camera_is_sent_at_its_own_rates_and_without_a_negotiation(
    people: Invite, serve: Invite
) -> None:
    server = await serve("--p2p", "never")
    ana, ben = await people("Ana", "Ben", at=server)
    await ana.join(scale=2)
    await ben.join(publish=[])
    await ben.sees(ana)
    await ben.call("tile", name="Ana", width=1300, height=1000)
    small, offers = await ana.call("rates"), await ana.call("offers")
    await ana.call("exchange", id=ana.number, scale=4)

    async def large() -> bool:
        received = await ben.call("received", name="Ana")
        return bool(received) and received["width"] == 1280

    await until(large, "Ben gets the larger picture", patience=30)
    await ben.sees(ana)
    rates = await ana.call("rates")
    assert rates.keys() == small.keys() == {"h", "f"}
    for rid in rates:
        assert 3 < rates[rid] / small[rid] < 4, (small, rates)
    assert await ana.call("offers") == offers
    await ana.call("exchange", id=ana.number, scale=2)

    async def back() -> bool:
        return bool(await ana.call("rates") == small)

    await until(back, "the rates are again those of the small one")
