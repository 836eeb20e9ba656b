"""Pages that were written for another server: bare JSON of a tutorial, and unmodified PeerJS."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from .browsers import Chromium, Firefox
from .caller import until
from .conftest import Server
from .stranger import Stranger

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]
Invite = Callable[..., Any]
ROOT = Path(__file__).parents[2]
PEERJS = ROOT / "node_modules" / "peerjs" / "dist" / "peerjs.min.js"


@pytest_asyncio.fixture(loop_scope="session")
async def tutorial(chromium: Chromium, server: Server, room: str) -> AsyncIterator[Invite]:
    """`await tutorial(1)` opens the page of the tutorial, with picture 1."""
    opened: list[Stranger] = []

    async def visit(number: int, at: Server = server) -> Stranger:
        opened.append(await Stranger.open(chromium, f"{at.url}/tutorial.html?room={room}", number))
        return opened[-1]

    yield visit
    for one in opened:
        await one.tab.close()


async def present(server: Server, room: str, count: int) -> None:
    """Waits until so many are in the room."""

    async def there() -> bool:
        rooms = json.loads(await server.get("/_test/rooms"))
        return room in rooms and len(rooms[room]["participants"]) == count

    await until(there, f"{count} people in the room")


async def call(page: Stranger) -> None:
    await page.evaluate("(document.getElementById('call').click(), null)")


async def test_two_pages_of_a_tutorial_meet_directly(tutorial: Invite, server: Server, room: str) -> None:
    before = await server.metric("tertulia_rtp_in_total")
    ana, ben = await tutorial(1), await tutorial(2)
    await present(server, room, 2)
    await call(ana)
    await ana.sees(2)
    await ben.sees(1)
    await ana.hears(ben.pitch)
    assert await server.metric("tertulia_rtp_in_total") == before
    assert not [*ana.errors, *ben.errors]


@pytest.mark.thorough
async def test_the_caller_may_come_first(tutorial: Invite, server: Server, room: str) -> None:
    ana = await tutorial(1)
    await call(ana)
    await present(server, room, 1)
    ben = await tutorial(2)
    await ana.sees(2)
    await ben.sees(1)


@pytest.mark.thorough
async def test_a_page_that_calls_meets_the_web_client(
    tutorial: Invite, people: Invite, server: Server, room: str
) -> None:
    (cora,) = await people("Cora")
    await cora.join()
    ana = await tutorial(7)
    await present(server, room, 2)
    await call(ana)
    await ana.sees(cora.number)
    await ana.hears(cora.pitch)
    await until(lambda: _sees(cora, "Guest", 7), "the web client sees the page")
    assert await server.metric("tertulia_rtp_in_total") > 0
    assert not ana.errors


@pytest.mark.thorough
async def test_a_page_that_waits_to_be_called_meets_the_web_client(
    tutorial: Invite, people: Invite, server: Server, room: str
) -> None:
    (cora,) = await people("Cora")
    await cora.join()
    ana = await tutorial(7)
    await ana.sees(cora.number)
    await until(lambda: _sees(cora, "Guest", 7), "the web client sees the page")
    assert not ana.errors


@pytest.mark.thorough
@pytest.mark.parametrize("calls", [True, False], ids=["it calls", "it waits"])
async def test_a_page_in_firefox_meets_the_web_client(
    firefox: Firefox, people: Invite, server: Server, room: str, calls: bool
) -> None:
    (cora,) = await people("Cora")
    await cora.join()
    ana = await Stranger.open_in_firefox(firefox, f"{server.url}/tutorial.html?room={room}", 7)
    await present(server, room, 2)
    if calls:
        await call(ana)
    await ana.sees(cora.number)
    await ana.hears(cora.pitch)
    await until(lambda: _sees(cora, "Guest", 7), "the web client sees the page")
    await ana.tab.close()


async def test_three_pages_of_a_tutorial_meet_by_the_server(tutorial: Invite, server: Server, room: str) -> None:
    """Each was written for one other: it is shown who speaks, or who came last."""
    pages = [await tutorial(number) for number in (1, 2, 3)]
    await present(server, room, 3)
    for page in pages:
        await call(page)
    for page in pages:
        others = {1, 2, 3} - {page.number}

        async def shown(page: Stranger = page, others: set[int] = others) -> bool:
            frame = await page.evaluate("eyes.look('#remote')")
            return bool(frame) and frame.get("id") in others

        await until(shown, f"{page.number} sees one of the others")


@pytest_asyncio.fixture(loop_scope="session")
async def peerjs(chromium: Chromium, server: Server, room: str) -> AsyncIterator[Invite]:
    """`await peerjs(1, "ana")` opens a page with that id in the test's room; without one the server makes it."""
    opened: list[Stranger] = []

    async def visit(number: int, id: str = "", **query: str) -> Stranger:
        options = "&".join(f"{name}={value}" for name, value in {"id": id, "key": room, **query}.items())
        page = await Stranger.open(chromium, f"{server.url}/peerjs.html?{options}", number, PEERJS)
        opened.append(page)
        await until(lambda: page.evaluate("opened || errors.length"), lambda: f"{id} is open: {page.errors}")
        return page

    yield visit
    for one in opened:
        await one.tab.close()


async def test_peerjs_calls_and_connects(peerjs: Invite, server: Server) -> None:
    before = await server.metric("tertulia_rtp_in_total")
    ana, ben = await peerjs(1, "ana"), await peerjs(2)
    assert await ana.evaluate("peer.id") == "ana"
    ben_id = await ben.evaluate("peer.id")
    assert len(ben_id) == 32
    await ana.evaluate(f"dial('{ben_id}')")
    await ana.sees(2)
    await ben.sees(1)
    await ben.hears(ana.pitch)
    await ben.evaluate("connect('ana')")
    await ben.evaluate("send({hello: [1, 2, 3]})")
    await until(lambda: ana.evaluate("received.length"), "the data connection carries something")
    assert await ana.evaluate("received") == [{"hello": [1, 2, 3]}]
    assert await server.metric("tertulia_rtp_in_total") == before
    assert await ana.evaluate("errors") == await ben.evaluate("errors") == []


@pytest.mark.thorough
async def test_peerjs_calls_people_of_the_web_client_each_by_id(peerjs: Invite, people: Invite, server: Server) -> None:
    """Each call shows the one who was called, and they see the caller."""
    cora, dan = await people("Cora", "Dan")
    await cora.join()
    await dan.join()
    ana = await peerjs(7, "ana")
    for other in (cora, dan):
        await ana.evaluate(f"dial('{other.identity}')")
        await ana.sees(other.number)
        await ana.hears(other.pitch)
    await until(lambda: _sees(cora, "ana", 7), "the web client sees the caller")
    await until(lambda: _sees(dan, "ana", 7), "so does the other one")
    assert await ana.evaluate("errors") == []
    await ana.evaluate(f"peer.connections['{cora.identity}'][0].close()")

    async def withdrawn() -> bool:
        rooms = json.loads(await server.get("/_test/rooms"))
        return not [it for it in rooms[cora.room]["publications"] if it["owner"] == "ana"]

    await until(withdrawn, "what was sent on the call that has ended is withdrawn")


async def test_peerjs_that_waits_is_called_by_the_web_client(peerjs: Invite, people: Invite) -> None:
    (cora,) = await people("Cora")
    ana = await peerjs(7, "ana")
    await cora.join()
    await ana.sees(cora.number)
    await ana.hears(cora.pitch)
    await until(lambda: _sees(cora, "ana", 7), "the web client sees the one that was called")
    assert await ana.evaluate("errors") == []


@pytest.mark.thorough
async def test_peerjs_with_the_path_that_it_has_by_itself(peerjs: Invite) -> None:
    """`path: '/'` with the default key asks for /peerjs/id and /peerjs."""
    ana = await peerjs(1, key="peerjs", path="/")
    assert len(await ana.evaluate("peer.id")) == 32
    assert await ana.evaluate("errors") == []


async def test_peerjs_comes_back_with_its_id_and_keeps_its_connections(
    peerjs: Invite, server: Server, room: str
) -> None:
    ana, ben = await peerjs(1, "ana"), await peerjs(2, "ben")
    await ana.evaluate("connect('ben')")
    await server.post(f"/_test/drop-socket?room={room}&participant=ana")
    await until(lambda: ana.evaluate("opened === 2"), "it is open again")
    assert await ana.evaluate("peer.id") == "ana"
    await ana.evaluate("send('still here')")
    await until(lambda: ben.evaluate("received.length"), "the connection was kept")
    await ben.evaluate("dial('ana')")
    await ben.sees(1)
    await ana.evaluate("peer.disconnect()")
    await until(lambda: ana.evaluate("opened === 3"), "it may disconnect and come back too")


@pytest.mark.thorough
async def test_peerjs_is_told_what_does_not_work(peerjs: Invite) -> None:
    ana = await peerjs(1, "ana")
    second = await peerjs(2, "ana")
    assert await second.evaluate("errors") == ["unavailable-id"]
    await ana.evaluate("peer.connect('nobody') && null")
    await until(lambda: ana.evaluate("errors.length"), "it hears that nobody came")
    assert await ana.evaluate("errors") == ["peer-unavailable"]


@pytest.mark.thorough
async def test_a_peerjs_page_loaded_anew_has_its_id_again(peerjs: Invite, server: Server, room: str) -> None:
    """At once, though its old socket may still be open then."""
    ana = await peerjs(1, "ana")
    for _ in range(3):
        await ana.tab.page.reload()
        await until(lambda: ana.evaluate("opened || errors.length"), "it is open")
        assert await ana.evaluate("errors") == []
    await present(server, room, 1)


async def _sees(caller: Any, name: str, number: int) -> bool:
    seen = await caller.call("watch", name=name, since=0)
    return len({frame["n"] for frame in seen if frame.get("id") == number and not frame.get("bad")}) >= 6
