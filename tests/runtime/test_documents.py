"""Documents of a room: shown to those who have them open, checked, kept."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pycrdt import Decoder, Doc, Map, Text, write_message
from sqlalchemy import event

from tertulia.core import commands
from tertulia.core.ids import ParticipantId
from tertulia.core.model import RoomSettings
from tertulia.errors import Code, ProtocolError, TertuliaError, Unavailable
from tertulia.media.fake import FakeMedia
from tertulia.runtime import document, documents
from tertulia.runtime.documents import Documents
from tertulia.runtime.hub import Hub
from tertulia.runtime.seat import AwarenessChanged, DocumentClosed, DocumentSynced
from tertulia.store import Database, DocumentLog

from .test_awareness import update as awareness_update
from .test_rooms import ANA, BEN, Seat

CY = ParticipantId("cy")


def step_1(doc: Doc[Any]) -> bytes:
    return b"\0" + write_message(doc.get_state())


def written(update: bytes) -> bytes:
    return b"\2" + write_message(update)


class Page:
    """What a browser has: a document of its own, filled by what its seat is shown."""

    def __init__(self, seat: Seat) -> None:
        self.seat = seat
        self.doc: Doc[Any] = Doc()
        self.doc["text"] = Text()

    def read(self) -> str:
        for it in self.seat.notices:
            if isinstance(it, DocumentSynced) and it.message[0] in (1, 2):
                content = Decoder(it.message[1:]).read_message()
                if content and content != b"\0\0":
                    self.doc.apply_update(content)
        return str(self.doc["text"])

    def write(self, text: str) -> bytes:
        before = self.doc.get_state()
        self.doc["text"] += text
        return written(self.doc.get_update(before))


class Stage:
    def __init__(self, log: DocumentLog | None) -> None:
        self.hub = Hub(FakeMedia(), lambda name: RoomSettings(name), documents=log)

    async def join(self, who: ParticipantId) -> Page:
        seat = Seat(who)
        await self.hub.join("standup", commands.Join(who, who), seat, lambda actor, outcome: None)
        return Page(seat)

    @property
    def documents(self) -> Documents:
        return self.hub.rooms["standup"].documents

    async def open(self, who: ParticipantId, page: Page, name: str = "notes") -> None:
        await self.documents.open(who, name, step_1(page.doc))

    async def end(self) -> None:
        actor = self.hub.rooms["standup"]
        await actor.request(commands.End(None))
        await actor.stopped()


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    opened = Database()
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def log(database: Database) -> DocumentLog:
    return DocumentLog(database)


async def parts(log: DocumentLog, name: str = "notes") -> list[bytes]:
    found = await log.load("standup", name)
    log.release("standup", name)
    return found


async def test_what_one_writes_the_others_have_and_it_is_kept(log: DocumentLog) -> None:
    stage = Stage(log)
    ana, ben = await stage.join(ANA), await stage.join(BEN)
    await stage.open(ANA, ana)
    stage.documents.write(ANA, "notes", ana.write("Hello "))
    await stage.open(BEN, ben)
    assert ben.read() == "Hello "
    stage.documents.write(ANA, "notes", ana.write("世界 😀"))
    assert ben.read() == "Hello 世界 😀"
    assert [it for it in ana.seat.notices if isinstance(it, DocumentSynced) and it.message[0] == 2] == []
    assert len(await parts(log)) == 2


async def test_who_does_not_have_it_open_hears_nothing_and_writes_nothing(log: DocumentLog) -> None:
    stage = Stage(log)
    ana, ben = await stage.join(ANA), await stage.join(BEN)
    await stage.open(ANA, ana)
    stage.documents.write(ANA, "notes", ana.write("a"))
    assert not [it for it in ben.seat.notices if isinstance(it, DocumentSynced)]
    with pytest.raises(ProtocolError) as caught:
        stage.documents.write(BEN, "notes", ben.write("b"))
    assert caught.value.code is Code.INVALID
    stage.documents.close(ANA, "notes")
    with pytest.raises(ProtocolError):
        stage.documents.write(ANA, "notes", ana.write("c"))


async def test_two_who_open_it_at_once_have_the_same_one(log: DocumentLog) -> None:
    stage = Stage(log)
    ana, ben = await stage.join(ANA), await stage.join(BEN)
    await asyncio.gather(stage.open(ANA, ana), stage.open(BEN, ben))
    stage.documents.write(ANA, "notes", ana.write("a"))
    assert ben.read() == "a"


async def test_it_is_merged_when_the_last_one_leaves_and_there_again_for_the_next(log: DocumentLog) -> None:
    stage = Stage(log)
    ana = await stage.join(ANA)
    await stage.open(ANA, ana)
    for n in range(10):
        stage.documents.write(ANA, "notes", ana.write(str(n)))
    await stage.hub.rooms["standup"].request(commands.Leave(ANA))
    assert len(await parts(log)) == 1
    assert not log._open
    ben = await stage.join(BEN)
    await stage.open(BEN, ben)
    assert ben.read() == "0123456789"


async def test_it_is_merged_after_many_updates(log: DocumentLog) -> None:
    stage = Stage(log)
    ana = await stage.join(ANA)
    await stage.open(ANA, ana)
    for n in range(450):
        stage.documents.write(ANA, "notes", ana.write(str(n % 10)))
        await asyncio.sleep(0)
    assert len(await parts(log)) < 210
    ben = await stage.join(BEN)
    await stage.open(BEN, ben)
    assert ben.read() == str(ana.doc["text"])


async def test_it_outlives_its_room(log: DocumentLog) -> None:
    stage = Stage(log)
    ana = await stage.join(ANA)
    await stage.open(ANA, ana)
    stage.documents.write(ANA, "notes", ana.write("before"))
    await stage.end()
    ben = await stage.join(BEN)
    await stage.open(BEN, ben)
    assert ben.read() == "before"


async def test_where_nothing_outlives_a_room_it_does_not(database: Database) -> None:
    log = DocumentLog(database, outlives_rooms=False)
    stage = Stage(log)
    ana = await stage.join(ANA)
    await stage.open(ANA, ana)
    stage.documents.write(ANA, "notes", ana.write("before"))
    await stage.end()
    ben = await stage.join(BEN)
    await stage.open(BEN, ben)
    assert ben.read() == ""


async def test_without_a_place_to_keep_it_it_stays_as_long_as_the_room() -> None:
    stage = Stage(None)
    ana, ben = await stage.join(ANA), await stage.join(BEN)
    await stage.open(ANA, ana)
    stage.documents.write(ANA, "notes", ana.write("hello"))
    stage.documents.close(ANA, "notes")
    await stage.open(BEN, ben)
    assert ben.read() == "hello"


HOSTILE = [
    b"",
    b"\0",
    b"\2",
    b"\2\5ab",
    b"\2\1a\0",
    b"\3\2\0\0",
    b"\0\1\0",
    written(b"\xff" * 40),
    written(b"\1\1\1\0\xff\xff\xff\xff\x0f"),
    written(b"\xff\xff\xff\xff\x0f"),
    written(b"\1\xff\xff\xff\xff\x0f\1\0"),
]


@pytest.mark.parametrize("message", HOSTILE, ids=range(len(HOSTILE)))
async def test_what_is_no_update_closes_it_for_its_sender_and_nobody_else(log: DocumentLog, message: bytes) -> None:
    stage = Stage(log)
    ana, ben, cy = [await stage.join(who) for who in (ANA, BEN, CY)]
    for who, page in ((ANA, ana), (BEN, ben), (CY, cy)):
        await stage.open(who, page)
    stage.documents.write(ANA, "notes", ana.write("hello"))
    with pytest.raises(ProtocolError) as caught:
        stage.documents.write(BEN, "notes", message)
    assert caught.value.code is Code.INVALID
    assert [it.code for it in ben.seat.notices if isinstance(it, DocumentClosed)] == [Code.INVALID]
    assert not [it for page in (ana, cy) for it in page.seat.notices if isinstance(it, DocumentClosed)]
    stage.documents.write(ANA, "notes", ana.write(" there"))
    assert cy.read() == "hello there"
    await stage.open(BEN, ben)
    assert ben.read() == "hello there"


async def test_a_state_that_is_none_opens_nothing(log: DocumentLog) -> None:
    stage = Stage(log)
    await stage.join(ANA)
    for message in (b"", b"\0", b"\0\3\xff\xff\xff", b"\2\2\0\0", b"\1\2\0\0"):
        with pytest.raises(ProtocolError) as caught:
            await stage.documents.open(ANA, "notes", message)
        assert caught.value.code is Code.INVALID
    assert not log._open


async def test_what_waits_for_what_never_comes_is_thrown_away(
    log: DocumentLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "IDLE_BYTES", 2_000)
    stage = Stage(log)
    ana, ben = await stage.join(ANA), await stage.join(BEN)
    await stage.open(ANA, ana)
    await stage.open(BEN, ben)
    ben.write("never sent")
    async with stage.documents.hold("notes") as it:
        before = it.doc
        for _ in range(30):
            stage.documents.write(BEN, "notes", ben.write("x" * 100))
        assert it.doc is not before
    stage.documents.write(ANA, "notes", ana.write("hello"))
    cy = await stage.join(CY)
    await stage.open(CY, cy)
    assert cy.read() == "hello"


async def test_a_document_is_no_larger_than_it_may_be(log: DocumentLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "DOCUMENT_BYTES", 10_000)
    stage = Stage(log)
    ana = await stage.join(ANA)
    await stage.open(ANA, ana)
    for _ in range(9):
        stage.documents.write(ANA, "notes", ana.write("x" * 1_000))
    with pytest.raises(ProtocolError) as caught:
        stage.documents.write(ANA, "notes", ana.write("x" * 2_000))
    assert caught.value.code is Code.TOO_LARGE
    monkeypatch.setattr(document, "UPDATE_BYTES", 100)
    with pytest.raises(ProtocolError) as caught:
        stage.documents.write(ANA, "notes", ana.write("x" * 101))
    assert caught.value.code is Code.TOO_LARGE


async def test_what_is_deleted_and_written_again_does_not_fill_it(
    log: DocumentLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "DOCUMENT_BYTES", 10_000)
    stage = Stage(log)
    ana = await stage.join(ANA)
    await stage.open(ANA, ana)
    shared: Map[Any] = Map()
    ana.doc["map"] = shared
    for n in range(100):
        before = ana.doc.get_state()
        shared["key"] = str(n) * 500
        stage.documents.write(ANA, "notes", written(ana.doc.get_update(before)))


async def test_so_many_are_open_at_a_time(log: DocumentLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "OPEN_DOCUMENTS", 3)
    stage = Stage(log)
    ana = await stage.join(ANA)
    for name in ("a", "b", "c"):
        await stage.open(ANA, ana, name)
    with pytest.raises(Unavailable) as caught:
        await stage.open(ANA, ana, "d")
    assert caught.value.code is Code.TOO_MANY_DOCUMENTS
    stage.documents.close(ANA, "a")
    await stage.open(ANA, ana, "d")


async def test_what_could_not_be_kept_is_kept_a_little_later(
    log: DocumentLog, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "TRY_AGAIN", 0.01)
    stage = Stage(log)
    ana = await stage.join(ANA)
    await stage.open(ANA, ana)
    fails = True

    def break_it(*_: object) -> None:
        if fails:
            raise OSError("disk full")

    event.listen(database._engine.sync_engine, "before_cursor_execute", break_it)
    stage.documents.write(ANA, "notes", ana.write("while it failed, "))
    await log.flush()
    fails = False
    stage.documents.write(ANA, "notes", ana.write("after"))
    async with asyncio.timeout(30):
        while True:
            doc: Doc[Any] = Doc()
            doc["text"] = text = Text()
            for part in await parts(log):
                doc.apply_update(part)
            if str(text) == "while it failed, after":
                break
            await asyncio.sleep(0.01)


async def test_a_database_that_fails_opens_nothing_and_the_next_try_does(log: DocumentLog, database: Database) -> None:
    stage = Stage(log)
    ana = await stage.join(ANA)
    fails = True

    def break_it(*_: object) -> None:
        if fails:
            raise OSError("disk full")

    event.listen(database._engine.sync_engine, "before_cursor_execute", break_it)
    with pytest.raises(TertuliaError) as caught:
        await stage.open(ANA, ana)
    assert caught.value.code is Code.STORE_FAILED
    fails = False
    await stage.open(ANA, ana)


async def test_who_gives_up_while_it_is_loaded_leaves_nothing_open(
    log: DocumentLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "UNCLAIMED", 0.01)
    stage = Stage(log)
    ana = await stage.join(ANA)
    opening = asyncio.create_task(stage.open(ANA, ana))
    await asyncio.sleep(0)
    opening.cancel()
    async with asyncio.timeout(30):
        while log._open or not opening.done():  # noqa: ASYNC110 - of the log's own, which announces nothing
            await asyncio.sleep(0.01)


async def test_what_somebody_shows_is_shown_to_the_others_until_he_goes(log: DocumentLog) -> None:
    stage = Stage(log)
    ana, ben = await stage.join(ANA), await stage.join(BEN)
    await stage.open(ANA, ana)
    stage.documents.show(ANA, "notes", awareness_update((1, 1, {"x": 1})))
    await stage.open(BEN, ben)
    stage.documents.show(ANA, "notes", awareness_update((1, 2, {"x": 2})))
    await stage.hub.rooms["standup"].request(commands.Leave(ANA))
    shown = [it.update for it in ben.seat.notices if isinstance(it, AwarenessChanged)]
    assert shown == [
        awareness_update((1, 1, {"x": 1})),
        awareness_update((1, 2, {"x": 2})),
        awareness_update((1, 3, None)),
    ]
    assert not [it for it in ana.seat.notices if isinstance(it, AwarenessChanged)]


async def test_the_servers_own_code_reads_and_writes_it(log: DocumentLog) -> None:
    stage = Stage(log)
    ana = await stage.join(ANA)
    await stage.open(ANA, ana)
    stage.documents.write(ANA, "notes", ana.write("by Ana"))
    async with stage.documents.hold("notes") as it:
        text = it.doc.get("text", type=Text)
        assert str(text) == "by Ana"
        text += ", by the server"
    assert ana.read() == "by Ana, by the server"
    stage.documents.close(ANA, "notes")
    assert not log._open
