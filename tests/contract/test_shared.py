"""What people in a room share, and what they say of themselves."""

import asyncio

import pytest

from tertulia.client import Client
from tertulia.errors import Code, Conflict
from tertulia.wire import native

from .support import WITHIN, Invite, refused, settled


def score(client: Client) -> object:
    value = client.shared.get("score")
    return None if value is None else value.value


async def test_all_see_the_same_and_who_comes_later_too(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    assert await ana.shared.set("score", {"home": 1}) == 1
    await bo.until(lambda c: score(c) == {"home": 1}, WITHIN)
    assert await bo.shared.set("score", [2]) == 2
    cy = await invite("Cy")
    assert score(cy) == [2]
    await ana.shared.delete("score")
    await cy.until(lambda c: c.shared.all == {}, WITHIN)


async def test_only_one_of_two_who_know_the_same_version_wins(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    await ana.shared.compare_and_set("score", 0, 1)
    with refused(Code.CONFLICT):
        await bo.shared.compare_and_set("score", 0, 2)
    with pytest.raises(Conflict) as lost:
        await bo.shared.compare_and_set("score", 7, 2)
    assert isinstance(lost.value.present, native.StateEntry)
    assert lost.value.present.version == 1
    with refused(Code.CONFLICT):
        await bo.shared.delete("score", version=7)
    assert await bo.shared.compare_and_set("score", 1, 2) == 2


async def test_many_who_count_at_once_lose_nothing(invite: Invite) -> None:
    people = [await invite(name) for name in ("Ana", "Bo", "Cy")]

    async def count(client: Client) -> None:
        for _ in range(10):
            await client.shared.update("score", lambda value: (value or 0) + 1)

    await asyncio.gather(*map(count, people))
    for client in people:
        await client.until(lambda c: score(c) == 30, WITHIN)


async def test_it_takes_a_right(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo", role="viewer")
    for change in (bo.shared.set("score", 1), bo.shared.delete("score"), bo.set_presence(1)):
        with refused(Code.NOT_ALLOWED):
            await change
    await ana.shared.set("score", 1)
    await ana.set_presence("here")
    await bo.until(lambda c: score(c) == 1 and c.room.presence == {ana.identity: "here"}, WITHIN)


async def test_presence_belongs_to_its_person(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    for x in range(30):
        await ana.set_presence({"x": x})
    await bo.until(lambda c: c.room.presence.get(ana.identity) == {"x": 29}, WITHIN)
    cy = await invite("Cy")
    assert cy.room.presence == {ana.identity: {"x": 29}}
    await ana.set_presence(None)
    await cy.until(lambda c: c.room.presence == {}, WITHIN)
    await ana.set_presence(1)
    await bo.until(lambda c: bool(c.room.presence), WITHIN)
    await ana.leave()
    await bo.until(lambda c: c.room.presence == {}, WITHIN)


async def test_the_others_are_shown_no_more_than_they_need(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    with bo.events(native.PresenceChanged) as shown:
        loop = asyncio.get_running_loop()
        began, said = loop.time(), 0
        while loop.time() < began + 1.0:
            await ana.set_presence(said)
            said += 1
        await bo.until(lambda c: c.room.presence.get(ana.identity) == said - 1, WITHIN)
        assert len(shown.waiting()) <= 20 * (loop.time() - began) + 2


async def test_state_and_presence_are_there_after_a_loss(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    await bo.set_presence("bo")
    await settled(ana)
    bo.reconnect()
    await ana.shared.set("score", 1)
    await bo.until(lambda c: score(c) == 1, WITHIN)
    assert ana.room.presence == {bo.identity: "bo"}
