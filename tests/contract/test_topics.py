"""Topics that go through all rooms."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tertulia.client import Client, TopicStream
from tertulia.errors import Code

from .door import Door
from .server import Server
from .support import WITHIN, refused

Enter = Callable[..., Any]


@pytest.fixture
def server(servers: Callable[..., Server]) -> Server:
    return servers(
        "--topic", "/quotes/*;retain;publish=everyone;rate=1000", "--topic", "/slow;publish=everyone;rate=1",
        "--topic", "/closed/*", messages_per_second=1000,
    )  # fmt: skip


@pytest.fixture
async def enter(door: Door, server: Server, room: str) -> AsyncIterator[Enter]:
    """`await enter("Ana")` is in a room of her own."""
    inside: list[Client] = []

    async def come(name: str) -> Client:
        client = door.client(server.url, room=f"{room}-{len(inside)}", name=name)
        inside.append(client)
        return await client.__aenter__()

    yield come
    for client in inside:
        await client.close()


def topic(room: str, name: str) -> str:
    """Of this test alone: the server is shared."""
    return f"/quotes/{room}/{name}"


async def next_data(stream: TopicStream) -> Any:
    return (await stream.next(WITHIN)).data


async def test_who_subscribes_hears_it_in_whatever_room(enter: Enter, room: str) -> None:
    ana, bo, cy = [await enter(name) for name in ("Ana", "Bo", "Cy")]
    one, branch = await bo.topic(topic(room, "a")).subscribe(), await cy.topic(topic(room, "*")).subscribe()
    await ana.topic(topic(room, "a")).publish({"price": 1})
    await ana.topic(topic(room, "b")).publish(b"\x00\xff")
    first = await one.next(WITHIN)
    assert (first.topic, first.sender, first.data) == (topic(room, "a"), ana.identity, {"price": 1})
    assert [await next_data(branch), await next_data(branch)] == [{"price": 1}, b"\x00\xff"]
    one.close()
    await ana.topic(topic(room, "a")).publish(2)
    await bo.topic(topic(room, "c")).publish(3)
    assert await next_data(branch) == 2
    assert [it.data async for it in one] == []


async def test_the_last_value_comes_first(enter: Enter, room: str) -> None:
    ana, bo = await enter("Ana"), await enter("Bo")
    for number in range(3):
        await ana.topic(topic(room, "a")).publish(number)
    with await bo.topic(topic(room, "a")).subscribe(last=True) as stream:
        assert await next_data(stream) == 2
    with await bo.topic(topic(room, "a")).subscribe() as stream:
        await ana.topic(topic(room, "a")).publish("new")
        assert await next_data(stream) == "new"


async def test_at_most_one_in_so_many_seconds(enter: Enter, room: str) -> None:
    ana, bo = await enter("Ana"), await enter("Bo")
    stream = await bo.topic(topic(room, "a")).subscribe(every=0.5)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(100):
        await ana.topic(topic(room, "a")).publish(number)
        await asyncio.sleep(0.005)
    heard: list[int] = []
    while not heard or heard[-1] != 99:
        heard.append(await next_data(stream))
    assert heard == sorted(heard)
    assert heard[0] == 0
    assert len(heard) <= (loop.time() - began) / 0.5 + 2


async def test_to_one_person(enter: Enter, room: str) -> None:
    ana, bo = await enter("Ana"), await enter("Bo")
    heard = bo.data(topic(room, "a"))
    await ana.topic(topic(room, "a")).publish("psst", to=bo.identity)
    assert (await heard.next(WITHIN)).data == "psst"
    with refused(Code.NO_SUCH_PARTICIPANT):
        await ana.topic(topic(room, "a")).publish(1, to="nobody")


async def test_what_nobody_declared_is_refused(enter: Enter) -> None:
    ana = await enter("Ana")
    for wanted in ("/other", "/*", "/quotes"):
        with refused(Code.NOT_ALLOWED):
            await ana.topic(wanted).subscribe()
    with refused(Code.NOT_ALLOWED):
        await ana.topic("/closed/x").publish(1)
    with refused(Code.MALFORMED):
        await ana.topic("pen").subscribe()
    with refused(Code.INVALID):
        await ana.topic("/quotes//x").publish(1)
    await ana.topic("/closed/*").subscribe()


async def test_nobody_takes_more_than_his_share(enter: Enter, room: str) -> None:
    ana, bo = await enter("Ana"), await enter("Bo")
    with refused(Code.TOO_MANY_MESSAGES):
        for _ in range(10):
            await ana.topic("/slow").publish(1)
    await bo.topic("/slow").publish(1)
    for number in range(1000):
        await ana.topic(topic(room, str(number))).subscribe()
    with refused(Code.TOO_MANY_SUBSCRIPTIONS):
        await ana.topic(topic(room, "one-more")).subscribe()
    await bo.topic(topic(room, "one-more")).subscribe()


async def test_it_goes_on_after_a_loss(enter: Enter, room: str) -> None:
    ana, bo = await enter("Ana"), await enter("Bo")
    stream = await bo.topic(topic(room, "a")).subscribe()
    bo.reconnect()
    await ana.topic(topic(room, "a")).publish("meanwhile")
    assert await next_data(stream) == "meanwhile"
