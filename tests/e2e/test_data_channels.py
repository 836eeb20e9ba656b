"""Messages on data channels between real browsers: by the server, from page to page, and over a change of the road."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from .browsers import Chromium, Firefox, Page
from .caller import until
from .conftest import Server

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

TALK = """
(async () => {
  const { Room } = await import('/sdk/tertulia.js');
  const hash = async (bytes) => [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))].join();
  const room = new Room(`/r/${ROOM}`);
  const talk = { room, topics: {}, heard: { reliable: [], lossy: [] }, faults: [] };
  room.addEventListener('fault', ({ error }) => talk.faults.push(error.code));
  for (const channel of ['reliable', 'lossy']) {
    const topic = talk.topics[channel] = room.data(`of/${channel}`, { channel });
    (async () => {
      for await (const { from, data } of topic.messages())
        talk.heard[channel].push([from, data instanceof Uint8Array ? await hash(data) : data]);
    })();
  }
  talk.large = async (size) => {
    const bytes = Uint8Array.from({ length: size }, (_, n) => (n * 31 + (n >> 8)) % 256);
    await talk.topics.reliable.send(bytes);
    return hash(bytes);
  };
  talk.count = async (first, count, pause) => {
    for (let n = first; n < first + count; n++) {
      await talk.topics.reliable.send(n);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  };
  globalThis.talk = talk;
  await room.join({ name: NAME });
  return room.local.id;
})()
"""


class Person:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.id = ""

    async def join(self, room: str, name: str) -> None:
        script = TALK.replace("ROOM", json.dumps(room)).replace("NAME", json.dumps(name))
        self.id = await self.page.evaluate(script)

    async def road(self, channel: str) -> str | None:
        return str(await self.page.evaluate(f"talk.topics.{channel}.road"))

    async def goes(self, road: str) -> None:
        for channel in ("reliable", "lossy"):

            async def there(channel: str = channel) -> bool:
                return await self.road(channel) == road

            await until(there, f"{channel} goes {road}")

    async def heard(self, channel: str = "reliable") -> list[Any]:
        return list(await self.page.evaluate(f"talk.heard.{channel}"))

    async def hears(self, what: list[Any], channel: str = "reliable") -> None:
        async def all_of_it() -> bool:
            return len(await self.heard(channel)) >= len(what)

        await until(all_of_it, f"{len(what)} messages on {channel}")
        assert await self.heard(channel) == what

    async def say(self, channel: str, data: Any, to: str | None = None) -> None:
        await self.page.evaluate(f"talk.topics.{channel}.send({json.dumps(data)}, {json.dumps({'to': to})})")


@pytest_asyncio.fixture(loop_scope="session")
async def talkers(chromium: Chromium, room: str) -> AsyncIterator[Callable[..., Any]]:
    """`await talkers(server, 2)`: so many are in the room."""
    opened: list[Person] = []

    async def come(server: Server, count: int, browser: Any = chromium) -> list[Person]:
        people = [Person(await browser.open(f"{server.url}/")) for _ in range(count)]
        for person in people:
            opened.append(person)
            await person.join(room, f"Person {len(opened)}")
        return people

    yield come
    for person in opened:
        await person.page.close()


async def test_by_the_server_all_or_some_hear_it(talkers: Callable[..., Any], sfu_server: Server) -> None:
    ana, ben, cora = people = await talkers(sfu_server, 3)
    for person in people:
        await person.goes("sfu")
    for channel in ("reliable", "lossy"):
        await ana.say(channel, {"x": 1})
        await ana.say(channel, "psst", to=cora.id)
        await ben.hears([[ana.id, {"x": 1}]], channel)
        await cora.hears([[ana.id, {"x": 1}], [ana.id, "psst"]], channel)
        assert await ana.heard(channel) == []
    assert await sfu_server.metric("tertulia_data_in_total") >= 4
    assert 0 < await ana.page.evaluate(f"talk.topics.lossy.latency({json.dumps(ben.id)})") < 1000


async def test_a_quarter_of_a_megabyte_arrives_as_it_was_sent(talkers: Callable[..., Any], sfu_server: Server) -> None:
    ana, ben = await talkers(sfu_server, 2)
    await ana.goes("sfu")
    await ben.goes("sfu")
    hashes = [await ana.page.evaluate(f"talk.large({size})") for size in (262_143, 16_384, 1)]
    await ben.hears([[ana.id, digest] for digest in hashes])


async def test_two_talk_directly_and_nothing_is_lost_or_twice_when_a_third_comes_and_goes(
    talkers: Callable[..., Any], server: Server
) -> None:
    ana, ben = await talkers(server, 2)
    await ana.goes("direct")
    await ben.goes("direct")
    before = await server.metric("tertulia_data_in_total")
    digest = await ana.page.evaluate("talk.large(262143)")
    await ben.say("lossy", "back")
    await ben.hears([[ana.id, digest]])
    await ana.hears([[ben.id, "back"]], "lossy")
    assert await server.metric("tertulia_data_in_total") == before

    await ana.page.evaluate("void (talk.counted = talk.count(0, 400, 10))")
    (cora,) = await talkers(server, 1)
    await ana.goes("sfu")
    await ana.page.evaluate("talk.counted")
    await ben.hears([[ana.id, digest], *([ana.id, n] for n in range(400))])
    numbers = [n for _, n in await cora.heard()]
    assert numbers and numbers == list(range(numbers[0], 400))

    await cora.page.evaluate("talk.room.leave()")
    await ana.page.evaluate("void (talk.counted = talk.count(400, 1500, 10))")
    await ana.goes("direct")
    await ana.page.evaluate("talk.counted")
    await ben.hears([[ana.id, digest], *([ana.id, n] for n in range(1900))])
    assert await ana.page.evaluate("talk.faults") == await ben.page.evaluate("talk.faults") == []


@pytest.mark.thorough
async def test_firefox_and_chromium_hear_each_other_by_both_roads(
    talkers: Callable[..., Any], firefox: Firefox, server: Server
) -> None:
    (ana,) = await talkers(server, 1)
    (ben,) = await talkers(server, 1, browser=firefox)
    await ana.goes("direct")
    await ben.goes("direct")
    await ana.say("reliable", "hello")
    digest = await ben.page.evaluate("talk.large(262143)")
    await ben.hears([[ana.id, "hello"]])
    await ana.hears([[ben.id, digest]])
    (cora,) = await talkers(server, 1)
    for person in (ana, ben, cora):
        await person.goes("sfu")
    await ben.page.evaluate("talk.large(262143)")
    await ben.say("lossy", "by the server")
    await cora.hears([[ben.id, digest]])
    await cora.hears([[ben.id, "by the server"]], "lossy")
    await cora.say("reliable", "and back")
    await ben.hears([[ana.id, "hello"], [cora.id, "and back"]])
