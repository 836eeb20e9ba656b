"""Changes of messages are kept, then shown, then answered; and what is deleted of rooms that nobody is in."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from tertulia.core import commands, events
from tertulia.core.chat_changes import Delete, Edit
from tertulia.core.model import ChatMessage
from tertulia.errors import Code, TertuliaError
from tertulia.runtime.archive import Archive
from tertulia.runtime.seat import Done, Entered
from tertulia.store import Database

from .test_chat import Stage
from .test_rooms import ANA, BEN, Seat


def changes(seat: Seat) -> list[ChatMessage]:
    return [it.message for it in seat.notices if isinstance(it, events.ChatChanged)]


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    opened = Database()
    await opened.open()
    yield opened
    await opened.close()


async def test_a_change_is_kept_then_shown_then_answered(database: Database) -> None:
    stage = Stage(database)
    ana, ben = await stage.join(ANA), await stage.join(BEN)
    await stage.say("hi")
    room = stage.hub.rooms["standup"]
    assert await room.request(commands.ChangeChat(ANA, "hi", Edit("hello"), 2.0)) == Done()
    assert [it.text for it in changes(ana)] == [it.text for it in changes(ben)] == ["hello"]
    assert [it.text for it in (await stage.log.page("standup", BEN)).messages] == ["hello"]
    assert await room.request(commands.ChangeChat(ANA, "hi", Edit("hello"), 3.0)) == Done()
    assert len(changes(ben)) == 1, "what changes nothing is no news"


async def test_a_refused_change_is_shown_to_nobody(database: Database) -> None:
    stage = Stage(database)
    ana, _ = await stage.join(ANA), await stage.join(BEN)
    await stage.say("hi")
    room = stage.hub.rooms["standup"]
    outcome = await room.request(commands.ChangeChat(BEN, "hi", Edit("x"), 2.0))
    assert isinstance(outcome, TertuliaError) and outcome.code is Code.NOT_ALLOWED
    stage.fails = True
    outcome = await room.request(commands.ChangeChat(ANA, "hi", Delete(), 2.0))
    assert isinstance(outcome, TertuliaError) and outcome.code is Code.STORE_FAILED
    assert changes(ana) == []


async def test_messages_and_their_changes_come_in_one_order(database: Database) -> None:
    stage = Stage(database)
    _, ben = await stage.join(ANA), await stage.join(BEN)
    room = stage.hub.rooms["standup"]
    await asyncio.gather(
        stage.say("a"),
        room.request(commands.ChangeChat(ANA, "a", Edit("a1"), 2.0)),
        stage.say("b"),
        room.request(commands.ClearChat(None, 2.0)),
        stage.say("c"),
    )
    seen = [it for it in ben.notices if isinstance(it, events.ChatSent | events.ChatChanged | events.ChatCleared)]
    assert [type(it).__name__ for it in seen] == ["ChatSent", "ChatChanged", "ChatSent", "ChatCleared", "ChatSent"]
    numbers = [
        it.number if isinstance(it, events.ChatCleared) else it.message.change or it.message.number for it in seen
    ]
    assert numbers == sorted(numbers)
    assert [it.text for it in (await stage.log.page("standup", None)).messages] == ["c"]


async def test_how_far_people_have_read_is_known_when_the_room_opens_anew(database: Database) -> None:
    stage = Stage(database)
    await stage.join(ANA)
    await stage.say("hi")
    room = stage.hub.rooms["standup"]
    assert await room.request(commands.ReadChat(ANA, 5000)) == Done()
    await stage.end()
    ana = await stage.join(ANA)
    (entered,) = [it for it in ana.notices if isinstance(it, Entered)]
    assert entered.snapshot.read_marks == ((ANA, 1000),)


async def test_what_is_deleted_of_an_open_room_is_shown_there(database: Database) -> None:
    stage = Stage(database)
    ana = await stage.join(ANA)
    await stage.say("hi")
    archive = Archive(stage.hub, stage.log)
    await archive.delete("standup", "hi")
    assert [it.deleted for it in changes(ana)] == [True]
    with pytest.raises(TertuliaError) as caught:
        await archive.delete("standup", "none")
    assert caught.value.code is Code.NO_SUCH_MESSAGE
    await archive.clear("standup")
    assert [it for it in ana.notices if isinstance(it, events.ChatCleared)]
    assert (await archive.page("standup")).messages == ()


async def test_what_is_deleted_of_a_closed_room_is_gone_when_it_opens(database: Database) -> None:
    stage = Stage(database)
    await stage.join(ANA)
    for text in ("one", "two"):
        await stage.say(text)
    await stage.end()
    archive = Archive(stage.hub, stage.log)
    await archive.delete("standup", "one")
    assert [(it.text, it.deleted) for it in (await archive.page("standup")).messages] == [("", True), ("two", False)]
    before = time.time()
    await archive.clear("standup")
    ana = await stage.join(ANA)
    (entered,) = [it for it in ana.notices if isinstance(it, Entered)]
    assert entered.snapshot.messages == ()
    assert entered.snapshot.cleared >= int(before * 1000)


async def test_a_room_that_opens_while_it_is_cleared_is_told(database: Database) -> None:
    stage = Stage(database)
    await stage.join(ANA)
    await stage.say("one")
    await stage.end()
    clearing = asyncio.create_task(Archive(stage.hub, stage.log).clear("standup"))
    ben = await stage.join(BEN)
    await clearing
    await stage.hub.rooms["standup"].request(commands.Tick())
    (entered,) = [it for it in ben.notices if isinstance(it, Entered)]
    cleared = [it for it in ben.notices if isinstance(it, events.ChatCleared)]
    assert entered.snapshot.messages == () or cleared


async def test_all_that_was_said_is_read_in_pages(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tertulia.runtime.archive.PAGE", 2)
    stage = Stage(database)
    await stage.join(ANA)
    for number in range(5):
        await stage.say(str(number))
    everything = [it async for it in Archive(stage.hub, stage.log).everything("standup")]
    assert [it.text for it in everything] == list("01234")
    some = Archive(stage.hub, stage.log).everything(
        "standup", after=everything[0].number, before=everything[4].number, words="3"
    )
    assert [it.text async for it in some] == ["3"]
