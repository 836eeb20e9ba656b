"""Media through the server, with another implementation at both ends, written from the reference alone."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from tertulia.wire import native

from .peer import TONE, Peer, Picture, Tone, bar, pitch
from .server import Server
from .support import WITHIN, Invite

pytestmark = pytest.mark.interop
People = Callable[..., Awaitable[Peer]]


@pytest.fixture
async def people(servers: Callable[..., Server], invite: Invite) -> AsyncIterator[People]:
    """`await people("Ana")` is in a room whose media never goes directly; no connection yet."""
    url = servers("--p2p", "never").url
    async with contextlib.AsyncExitStack() as open_connections:

        async def person(name: str) -> Peer:
            peer = Peer(await invite(name, url=url))
            open_connections.push_async_callback(peer.close)
            return peer

        yield person


async def publisher(people: People) -> tuple[Peer, str, str]:
    """Somebody who sends; with the ids of picture and sound."""
    ana = await people("Ana")
    await ana.publish(Picture(), Tone())
    await ana.negotiate()
    ids = {publication.kind: publication.id for publication in ana.client.room.you.publications}
    return ana, ids["video"], ids["audio"]


async def watch(peer: Peer, publication: str, count: int) -> list[int]:
    """Where the bar is in so many good pictures."""
    track: Any = await peer.track(publication)
    found: list[int] = []
    while len(found) < count:
        at = bar(await track.recv())
        if at is not None:
            found.append(at)
    return found


async def test_picture_and_sound_arrive(people: People) -> None:
    _, camera, microphone = await publisher(people)
    bo = await people("Bo")
    bo.receive(audio=1, video=1)
    await bo.negotiate()

    seen = await asyncio.wait_for(watch(bo, camera, 30), 30)
    steps = [b - a for a, b in itertools.pairwise(seen)]
    assert sum(step > 0 for step in steps) > 20, seen

    sound: Any = await bo.track(microphone)
    frames = []
    async with asyncio.timeout(WITHIN):
        # The first second may be silence that conceals what was not sent yet.
        for _ in range(100):
            frames.append(await sound.recv())
    assert abs(pitch(frames[50:]) - TONE) < 10


async def test_both_send_to_each_other(people: People) -> None:
    ana, bo = await people("Ana"), await people("Bo")
    for peer in (ana, bo):
        await peer.publish(Picture(), Tone())
        peer.receive(audio=1, video=1)
    await asyncio.gather(ana.negotiate(), bo.negotiate())
    cameras = {peer: next(p.id for p in peer.client.room.you.publications if p.kind == "video") for peer in (ana, bo)}
    async with asyncio.timeout(30):
        await asyncio.gather(watch(ana, cameras[bo], 10), watch(bo, cameras[ana], 10))


async def test_who_comes_late_gets_a_picture_within_two_seconds(people: People) -> None:
    _, camera, _ = await publisher(people)
    bo = await people("Bo")
    bo.receive(audio=1, video=1)
    await bo.negotiate()
    await asyncio.wait_for(watch(bo, camera, 45), 30)  # the publisher's first key frame is long gone

    began = time.monotonic()
    cy = await people("Cy")
    cy.receive(audio=1, video=1)
    await cy.negotiate()
    await asyncio.wait_for(watch(cy, camera, 1), 30)
    took = time.monotonic() - began
    assert took < 2, f"{took:.2f} s"
    await asyncio.wait_for(watch(bo, camera, 5), 30)


async def test_a_publication_after_the_connection_stands(people: People) -> None:
    ana, bo = await people("Ana"), await people("Bo")
    for peer in (ana, bo):
        peer.receive(audio=1, video=1)
        await peer.negotiate()
    await ana.publish(Picture(), None)
    await ana.negotiate()
    (camera,) = ana.client.room.you.publications
    assert len(await asyncio.wait_for(watch(bo, camera.id, 10), 30)) == 10


async def test_the_server_asks_for_sections_that_are_missing(people: People) -> None:
    _, camera, _ = await publisher(people)
    bo = await people("Bo")
    wanted = bo.client.events(native.NeedSections)
    await bo.negotiate()
    need = await wanted.next(WITHIN)
    assert need.video >= 1
    assert need.audio >= 1
    bo.receive(audio=need.audio, video=need.video)
    await bo.negotiate()
    await asyncio.wait_for(watch(bo, camera, 5), 30)


async def test_a_muted_picture_stops_at_the_server(people: People) -> None:
    """A moderator's mute of somebody else is enforced, whatever that client sends."""
    ana = await people("Mod")
    bo, camera, _ = await publisher(people)
    ana.receive(audio=1, video=1)
    await ana.negotiate()
    await asyncio.wait_for(watch(ana, camera, 5), 30)
    await ana.client.mute(camera)
    track: Any = await ana.track(camera)
    with pytest.raises(TimeoutError):
        while True:  # what is under way still comes
            await asyncio.wait_for(track.recv(), 1)
    await bo.client.mute(camera, False)
    await asyncio.wait_for(watch(ana, camera, 5), 30)


async def test_media_goes_on_while_the_session_is_resumed(people: People) -> None:
    ana, camera, _ = await publisher(people)
    bo = await people("Bo")
    bo.receive(audio=1, video=1)
    await bo.negotiate()
    await asyncio.wait_for(watch(bo, camera, 5), 30)
    bo.client.reconnect()
    ana.client.reconnect()
    began = time.monotonic()
    await asyncio.wait_for(watch(bo, camera, 30), 30)
    assert time.monotonic() - began < 3
    await bo.client.chat("still here")
