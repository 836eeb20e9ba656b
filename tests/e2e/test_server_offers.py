"""Browsers that wait to be called are offered to by the server; and a room agrees upon a codec that all in it have."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

import pytest
import pytest_asyncio

from tertulia.media.outline import outline
from tertulia.media.port import ConnectionId, Kind, PublicationKey
from tests.interop.conftest import ROOM, Engine
from tests.thorough import thorough

from .browsers import Chromium, Firefox, Page
from .caller import until
from .conftest import Server

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

PICTURES = 8
"""So many different ones are motion."""


class Called:
    """A page with one RTCPeerConnection, and its connection to the engine."""

    def __init__(self, engine: Engine, page: Page, name: str, number: int) -> None:
        self.page = page
        self.name = name
        self.number = number
        self.pitch = 300 + 200 * number
        self._engine = engine
        self._connection = ConnectionId(name)
        self._serial = 0

    async def will_send(self, *, picture: bool = True, sound: bool = True) -> None:
        await self.page.evaluate(
            f"called.send({{id: {self.number if picture else 0}, hz: {self.pitch if sound else 0}}})"
        )

    async def is_called(self) -> str:
        """Gives the answer."""
        offer = self._engine.media.offer(self._connection, ROOM, audio=True, video=True)
        answer = str(await self.page.evaluate(f"called.answer({json.dumps(offer)})"))
        self._engine.media.accept(self._connection, answer, self._published(answer, answer=True))
        self._serial = 1
        return answer

    async def offers(self) -> str:
        """Gives the server's answer."""
        self._serial += 1
        offer = str(await self.page.evaluate("called.offer()"))
        answer = self._engine.media.answer(self._connection, ROOM, self._serial, offer, self._published(offer))
        await self.page.evaluate(f"called.accept({json.dumps(answer)})")
        return answer

    def _published(self, sdp: str, *, answer: bool = False) -> dict[str, PublicationKey]:
        sent = [section for section in outline(sdp, answer=answer) if section.sends]
        return {section.mid: self.publication(section.kind) for section in sent}

    def publication(self, kind: Kind) -> PublicationKey:
        return PublicationKey(f"{kind}-{self.name}")

    def receives(self, other: Called) -> None:
        self._engine.media.subscribe(self._connection, other.publication("audio"), "audio")
        self._engine.media.subscribe(self._connection, other.publication("video"), "video")

    async def sees(self, other: Called) -> None:
        """Fails unless so many new pictures of the other are decoded from now on."""
        before = await self.page.evaluate(f"called.pictures({other.number})")

        async def enough() -> bool:
            return bool(await self.page.evaluate(f"called.pictures({other.number})") >= before + PICTURES)

        await until(enough, f"{self.name} sees {other.name}")

    async def hears(self, other: Called) -> None:
        async def pitch() -> bool:
            return bool(await self.page.evaluate(f"called.hears({other.pitch})"))

        await until(pitch, f"{self.name} hears {other.name}")

    async def shows(self, codec: str) -> None:
        async def comes() -> bool:
            return await self.codecs("inbound") == [f"video/{codec}"]

        await until(comes, f"{codec} comes to {self.name}")

    async def codecs(self, direction: str) -> list[str]:
        return list(await self.page.evaluate(f"called.codecs({direction!r})"))


class Browser(Protocol):
    async def open(self, url: str) -> Page: ...


@pytest_asyncio.fixture(loop_scope="session")
async def page(server: Server, chromium: Chromium) -> AsyncIterator[Callable[..., Any]]:
    engine = Engine()
    pages: list[Page] = []

    async def open_page(name: str, browser: Browser = chromium) -> Called:
        pages.append(await browser.open(f"{server.url}/called.html"))
        await until(lambda: pages[-1].evaluate("!!window.called"), "the page is ready")
        return Called(engine, pages[-1], name, len(pages))

    yield open_page
    for opened in pages:
        await opened.close()
    engine.media.stop()


async def test_two_pages_that_were_called_see_and_hear_each_other(page: Callable[..., Any]) -> None:
    ana, ben = await page("ana"), await page("ben")
    for person, other in ((ana, ben), (ben, ana)):
        await person.will_send()
        await person.is_called()
        person.receives(other)
    for person, other in ((ana, ben), (ben, ana)):
        await person.sees(other)
        await person.hears(other)


@pytest.mark.thorough
async def test_a_page_without_a_camera_answers_recvonly_and_watches(page: Callable[..., Any]) -> None:
    ana, ben = await page("ana"), await page("ben")
    await ana.will_send(sound=False)
    await ana.is_called()
    answer = await ben.is_called()
    assert not any(section.sends for section in outline(answer))
    ben.receives(ana)
    await ben.sees(ana)


@pytest.mark.thorough
async def test_a_page_that_was_called_offers_itself_later(page: Callable[..., Any]) -> None:
    """It had nothing to send when it was called; with a camera it offers, on the connection that there is."""
    ana, ben = await page("ana"), await page("ben")
    await ana.will_send()
    for person, other in ((ana, ben), (ben, ana)):
        await person.is_called()
        person.receives(other)
    await ben.sees(ana)
    await ben.will_send()
    await ben.offers()
    await ana.sees(ben)
    await ana.hears(ben)
    await ben.sees(ana)


@pytest.mark.thorough
async def test_a_page_is_seen_that_sends_another_codec_than_its_answer_says(page: Callable[..., Any]) -> None:
    """Chromium sends the first codec of the offer, also where its answer lists only others."""
    ana, ben = await page("ana"), await page("ben")
    await ana.will_send()
    await ana.page.evaluate("called.prefer(['H264'])")
    assert "VP8" not in await ana.is_called()
    await ben.is_called()
    ben.receives(ana)
    await ben.sees(ana)
    assert await ana.codecs("outbound") == await ben.codecs("inbound")


@pytest.mark.thorough
async def test_a_page_may_change_its_codec_without_an_offer(page: Callable[..., Any]) -> None:
    ana, ben = await page("ana"), await page("ben")
    await ana.will_send()
    for person, other in ((ana, ben), (ben, ana)):
        await person.is_called()
        person.receives(other)
    await ben.sees(ana)
    for codec in ("H264", "VP9"):
        await ana.page.evaluate(f"called.change({codec!r})")
        await ben.shows(codec)
        await ben.sees(ana)


async def test_a_page_changes_its_codec_by_a_new_offer(page: Callable[..., Any]) -> None:
    ana, ben = await page("ana"), await page("ben")
    await ana.will_send()
    await ana.offers()
    await ben.is_called()
    ben.receives(ana)
    await ben.sees(ana)
    for codec in ("H264", "VP9", "VP8"):
        await ana.page.evaluate(f"called.prefer([{codec!r}])")
        await ana.offers()
        await ben.shows(codec)
        await ben.sees(ana)
        await ben.hears(ana)


@pytest.mark.parametrize(
    ("viewer_has", "publisher_prefers"), [("H264", "VP8"), thorough("VP8", "H264"), thorough("VP9", "VP8")]
)
async def test_a_publisher_sends_what_the_viewer_before_it_can_decode(
    page: Callable[..., Any], viewer_has: str, publisher_prefers: str
) -> None:
    viewer, publisher = await page("viewer"), await page("publisher")
    await viewer.page.evaluate(f"called.add('recvonly', [{viewer_has!r}])")
    await viewer.offers()
    viewer.receives(publisher)
    await publisher.will_send()
    await publisher.page.evaluate(f"called.prefer([{publisher_prefers!r}, {viewer_has!r}])")
    await publisher.offers()
    await viewer.sees(publisher)
    assert await publisher.codecs("outbound") == await viewer.codecs("inbound") == [f"video/{viewer_has}"]


@pytest.mark.thorough
async def test_a_page_that_is_called_sends_what_the_viewer_before_it_can_decode(page: Callable[..., Any]) -> None:
    viewer, publisher = await page("viewer"), await page("publisher")
    await viewer.page.evaluate("called.add('recvonly', ['H264'])")
    await viewer.offers()
    viewer.receives(publisher)
    await publisher.will_send()
    await publisher.is_called()
    await viewer.sees(publisher)
    assert await publisher.codecs("outbound") == ["video/H264"]


@pytest.mark.thorough
async def test_firefox_is_called_and_meets_a_chromium_that_was(page: Callable[..., Any], firefox: Firefox) -> None:
    ana, ben = await page("ana"), await page("ben", firefox)
    for person, other in ((ana, ben), (ben, ana)):
        await person.will_send()
        await person.is_called()
        person.receives(other)
    for person, other in ((ana, ben), (ben, ana)):
        await person.sees(other)
        await person.hears(other)
