"""What apps say to each other."""

import asyncio
from typing import Any

import pytest

from tertulia.errors import Code

from .support import WITHIN, Invite, refused, settled

PAYLOADS: list[Any] = [None, True, 0.25, "王 👋", [1, [2, {}]], {"x": 1, "ключ": [None]}, b"", b"\x00\xff" * 100]


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
async def test_it_arrives_as_it_was_sent_at_all_others(invite: Invite, payload: Any) -> None:
    ana, bo, cy = [await invite(name) for name in ("Ana", "Bo", "Cy")]
    own, *others = [person.data("app/v1") for person in (ana, bo, cy)]
    await ana.send_data("app/v1", payload)
    for stream in others:
        received = await stream.next(WITHIN)
        assert (received.sender, received.data) == (ana.identity, payload)
    await bo.send_data("app/v1", "after it")
    assert (await own.next(WITHIN)).data == "after it", "not back to the sender"


async def test_to_one_person_only(invite: Invite) -> None:
    ana, bo, cy = [await invite(name) for name in ("Ana", "Bo", "Cy")]
    to_bo, to_cy = bo.data("t"), cy.data("t")
    await ana.send_data("t", "psst", to=bo.identity)
    await ana.send_data("t", "all")
    assert [(await to_bo.next(WITHIN)).data for _ in range(2)] == ["psst", "all"]
    assert (await to_cy.next(WITHIN)).data == "all"
    with refused(Code.NO_SUCH_PARTICIPANT):
        await ana.send_data("t", 1, to="nobody")
    with refused(Code.INVALID):
        await ana.send_data("t", 1, to=ana.identity)


async def test_topics_are_kept_apart_and_each_has_its_order(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    even, odd = bo.data("even"), bo.data("odd")
    for number in range(20):
        await ana.send_data("odd" if number % 2 else "even", number)
    heard: list[int] = []
    async with asyncio.timeout(WITHIN):
        async for received in even:
            heard.append(received.data)
            if len(heard) == 10:
                break
    assert heard == list(range(0, 20, 2))
    assert [(await odd.next(WITHIN)).data for _ in range(10)] == list(range(1, 20, 2))


async def test_the_newest_of_what_only_matters_now_always_comes(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    cursor = bo.data("cursor")
    for number in range(30):
        await ana.send_data("cursor", number, latest=True)
    heard: list[int] = []
    while not heard or heard[-1] != 29:
        heard.append((await cursor.next(WITHIN)).data)
    assert heard == sorted(heard)


async def test_it_takes_a_right_a_topic_and_no_more_than_16_kib(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    heard = bo.data("t")
    for topic in ("a b", "王", "t\n"):
        with refused(Code.MALFORMED):
            await ana.send_data(topic, 1)
    with refused(Code.TOO_LARGE):
        await ana.send_data("t", "x" * 16_384)
    await ana.send_data("t", "x" * 16_000)
    assert (await heard.next(WITHIN)).data == "x" * 16_000
    await ana.set_role(bo.identity, "viewer")
    await settled(bo)
    with refused(Code.NOT_ALLOWED):
        await bo.send_data("t", 1)
    await ana.send_data("t", "viewers hear it")
    assert (await heard.next(WITHIN)).data == "viewers hear it"


async def test_it_is_no_deeper_than_everybody_can_read(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    heard = bo.data("t")
    deepest: Any = []
    for _ in range(63):
        deepest = [deepest]
    await ana.send_data("t", deepest)
    with refused(Code.INVALID):
        await ana.send_data("t", [deepest])
    assert (await heard.next(WITHIN)).data == deepest


async def test_the_topic_ends_with_the_session(invite: Invite) -> None:
    ana = await invite("Ana")
    heard = ana.data("t")
    await ana.leave()
    assert [received async for received in heard] == []
    with pytest.raises(EOFError):
        await heard.next(WITHIN)
