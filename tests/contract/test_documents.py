"""Documents that people write together."""

import asyncio
import contextlib
import json
import random
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text, create_sync_message, create_update_message

from tertulia.client import Client
from tertulia.client.documents import Document
from tertulia.errors import Code
from tertulia.wire import native
from tertulia.wire.native import pack

from .door import Door
from .raw import Raw
from .server import Server
from .support import WITHIN, Invite, refused


def text_of(document: Document) -> Text:
    text: Text = document.doc.get("text", type=Text)
    return text


async def same(*documents: Document, within: float = WITHIN) -> None:
    """Until all of them are the same."""
    async with asyncio.timeout(within):
        while True:
            for document in documents:
                await document.synced()
            if len({contents(document.doc) for document in documents}) == 1:
                return
            await asyncio.sleep(0.02)


async def test_what_two_write_at_once_both_have(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    one, other = await ana.document("notes"), await bo.document("notes")
    text_of(one).insert(0, "Ana 世界 😀 ")
    text_of(other).insert(0, "Bo ")
    await same(one, other)
    assert str(text_of(one)) == str(text_of(other))
    assert str(text_of(one)) in ("Ana 世界 😀 Bo ", "Bo Ana 世界 😀 ")


async def test_who_comes_later_has_what_was_written(invite: Invite) -> None:
    ana = await invite("Ana")
    notes = await ana.document("notes")
    text_of(notes).insert(0, "hello")
    await notes.synced()
    bo = await invite("Bo")
    assert str(text_of(await bo.document("notes"))) == "hello"
    assert str(text_of(await bo.document("other"))) == ""


async def test_what_is_written_while_the_connection_is_lost_is_merged(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    one, other = await ana.document("notes"), await bo.document("notes")
    ana.reconnect()
    text_of(one).insert(0, "away ")
    text_of(other).insert(0, "here ")
    await same(one, other)
    assert sorted(str(text_of(one)).split()) == ["away", "here"]


async def test_cursors_are_shown_and_go_with_their_owner(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    one, other = await ana.document("notes"), await bo.document("notes")
    one.show({"x": 1, "name": "Ána"})
    await until(lambda: list(other.states.values()) == [{"x": 1, "name": "Ána"}])
    one.show({"x": 2})
    await until(lambda: list(other.states.values()) == [{"x": 2}])
    await one.close()
    await until(lambda: not other.states)
    assert not one.states


async def test_who_may_not_write_reads(invite: Invite) -> None:
    ana = await invite("Ana")
    notes = await ana.document("notes")
    text_of(notes).insert(0, "hello")
    viewer = await invite("Vi", role="viewer")
    seen = await viewer.document("notes")
    assert str(text_of(seen)) == "hello"
    text_of(notes).insert(5, " there")
    await until(lambda: str(text_of(seen)) == "hello there")
    text_of(seen).insert(0, "mine alone ")
    with refused(Code.NOT_ALLOWED):
        await seen.synced()
    await notes.synced()
    assert str(text_of(notes)) == "hello there"


async def test_it_is_there_after_the_server_was_killed(
    door: Door, fresh: Callable[..., Server], room: str, tmp_path: Path
) -> None:
    server = fresh("--data-dir", str(tmp_path), chat_retention=3600)
    async with door.client(server.url, room=room, name="Ana") as ana:
        notes = await ana.document("notes")
        for word in ("one ", "two ", "three"):
            text_of(notes).insert(len(str(text_of(notes))), word)
            await notes.synced()
        await asyncio.sleep(0.3)
        server.stop(signal.SIGKILL)
    server.start()
    async with door.client(server.url, room=room, name="Bo") as bo:
        assert str(text_of(await bo.document("notes"))) == "one two three"


async def test_a_page_that_outlives_the_server_brings_what_it_has(
    door: Door, fresh: Callable[..., Server], room: str
) -> None:
    """Where nothing is kept, the people are what remembers."""
    server = fresh(chat_retention=0)
    async with door.client(server.url, room=room, name="Ana") as ana:
        notes = await ana.document("notes")
        text_of(notes).insert(0, "hello")
        await notes.synced()
        server.stop(signal.SIGKILL)
        text_of(notes).insert(5, " there")
        server.start()
        await ana.until(lambda c: c.status == "joined", 30)
        async with door.client(server.url, room=room, name="Bo") as bo:
            other = await bo.document("notes")
            await until(lambda: str(text_of(other)) == "hello there")


async def test_fifty_converge(door: Door, servers: Callable[..., Server], room: str) -> None:
    """Fifty people write at once in a text, a list and a map, and lose their connections meanwhile."""
    server = servers("--open", messages_per_second=1000)
    chance = random.Random(8)
    async with contextlib.AsyncExitStack() as everybody:
        clients = [
            await everybody.enter_async_context(door.client(server.url, room=room, name=f"Person {n}"))
            for n in range(50)
        ]
        documents = [await client.document("shared") for client in clients]

        async def write(n: int, client: Client, document: Document) -> None:
            for step in range(12):
                await asyncio.sleep(chance.random() * 0.05)
                change(document.doc, n, step, chance)
                if chance.random() < 0.06:
                    client.reconnect()

        await asyncio.gather(*[write(n, *both) for n, both in enumerate(zip(clients, documents, strict=True))])
        await same(*documents, within=40)
        (content,) = {contents(document.doc) for document in documents}
    for n in range(50):
        assert f"{n}.11" in content, "nobody's last word is missing"


def change(doc: Doc[Any], n: int, step: int, chance: random.Random) -> None:
    with doc.transaction():
        text = doc.get("text", type=Text)
        words = doc.get("words", type=Array)
        doc.get("last", type=Map)[str(n)] = f"{n}.{step}"
        text.insert(0, f"({n} 王)")
        if len(words) > 3 and chance.random() < 0.5:
            del words[chance.randrange(len(words))]
        words.insert(chance.randrange(len(words) + 1), f"{n}-{step}")


def contents(doc: Doc[Any]) -> str:
    text, words, last = doc.get("text", type=Text), doc.get("words", type=Array), doc.get("last", type=Map)
    return repr((str(text), list(words), sorted(last.to_py().items())))


FRAMES: list[tuple[bytes, Code]] = [
    (b"", Code.MALFORMED),
    (b"\0\0", Code.MALFORMED),
    (b"\0\0\0\5{}", Code.MALFORMED),
    (b"\xff\xff\xff\xff{}", Code.MALFORMED),
    (pack(b"", b""), Code.MALFORMED),
    (pack(b"not json", b"\1"), Code.MALFORMED),
    (pack(b'{"type":"document_sync","id":2,"document":"\xff"}', b""), Code.MALFORMED),
    (pack(b'{"type":"document_sync","id":2,"document":"a b"}', b""), Code.MALFORMED),
    (pack(b'{"type":"document_sync","id":2,"document":"notes","bytes":"AAEC"}', b""), Code.MALFORMED),
    (pack(b'{"type":"chat","id":2,"text":"bytes where none belong"}', b"\1"), Code.MALFORMED),
    (pack(b'{"type":"ping","ack":0}', b""), Code.MALFORMED),
    (pack(b'{"type":"dance","id":2}', b"\1"), Code.UNKNOWN_TYPE),
    (pack(b'{"type":"document_sync","id":2,"document":"notes"}', b"\2\2\0\0"), Code.INVALID),
    (pack(b'{"type":"document_sync","id":2,"document":"notes"}', b"\2" * 600_000), Code.TOO_LARGE),
    (pack(b'{"type":"document_awareness","id":2,"document":"notes"}', b"\1" * 20_000), Code.TOO_LARGE),
    (pack(b'{"type":"document_open","id":2,"document":"' + b"n" * 65 + b'"}', b""), Code.TOO_LARGE),
    (b'{"type":"document_sync","id":2,"document":"notes"}', Code.MALFORMED),
]


@pytest.mark.parametrize(("frame", "code"), FRAMES, ids=range(len(FRAMES)))
async def test_a_frame_that_is_none_is_refused_and_the_connection_stays(
    server: Server, room: str, frame: bytes, code: Code
) -> None:
    async with Raw(server.url) as raw:
        await raw.join(room)
        await raw.send(frame)
        answer = await raw.receive()
        assert (answer["type"], answer["code"], answer["seq"]) == ("error", code, 2)
        await raw.send({"type": "chat", "id": 3, "text": "still here"})
        assert (await raw.receive("ok"))["id"] == 3


async def test_a_document_as_text_is_refused(server: Server, room: str) -> None:
    async with Raw(server.url) as raw:
        await raw.join(room)
        await raw.send({"type": "document_open", "id": 2, "document": "notes"})
        answer = await raw.receive()
        assert (answer["code"], answer["id"]) == (Code.MALFORMED, 2)


async def test_what_was_asked_before_the_socket_was_lost_is_answered(server: Server, room: str) -> None:
    doc = Doc({"text": Text("x" * 400_000)})
    update = create_update_message(doc.get_update())[1:]
    async with Raw(server.url) as raw:
        joined = await raw.join(room)
        await raw.send(pack(b'{"type":"document_open","id":2,"document":"notes"}', create_sync_message(Doc())[1:]))
        await raw.send(pack(b'{"type":"document_sync","id":3,"document":"notes"}', update))
        # So much is paced: it is being carried out when the socket goes.
        await asyncio.sleep(0.1)
    async with Raw(server.url) as raw:
        resumed = await raw.resume(joined["session"], joined["seq"])
        assert (resumed["type"], resumed["ack"]) == ("resumed", 3)
        found: dict[str, Any] = {}
        while found.get("id") != 3:
            frame = await asyncio.wait_for(raw.connection.recv(), WITHIN)
            found = json.loads(frame) if isinstance(frame, str) else {}
        assert found["type"] == "ok", found


async def test_an_update_that_is_none_closes_it_for_its_sender_alone(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    one, other = await ana.document("notes"), await bo.document("notes")
    with refused(Code.INVALID):
        await ana.request(lambda n: native.DocumentSync(id=n, document="notes", bytes=b"\2\2\xff\xff"), native.Ok)
    await until(lambda: one.error is not None)
    assert one.error is not None and one.error.code is Code.INVALID
    text_of(other).insert(0, "unharmed")
    await other.synced()
    again = await ana.document("notes")
    assert str(text_of(again)) == "unharmed"


async def test_a_hundred_are_open_and_no_more(invite: Invite) -> None:
    ana = await invite("Ana")
    state: dict[str, Any] = {"bytes": b"\0\1\0"}
    for number in range(100):
        name = f"d{number}"
        await ana.request(partial(native.DocumentOpen, document=name, **state), native.Ok)
    with refused(Code.TOO_MANY_DOCUMENTS):
        await ana.request(lambda n: native.DocumentOpen(id=n, document="more", **state), native.Ok)
    await ana.request(lambda n: native.DocumentClose(id=n, document="d0"), native.Ok)
    await ana.request(lambda n: native.DocumentOpen(id=n, document="more", **state), native.Ok)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not condition():  # noqa: ASYNC110 - of documents, which announce nothing
            await asyncio.sleep(0.01)
