"""Messages that become different, rooms that are cleared, and how far people have read."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tertulia.core.chat_changes import ChatChange, Delete, Edit, SetReaction
from tertulia.core.ids import ParticipantId
from tertulia.core.model import ChatMessage, MessageReaction
from tertulia.errors import Code, TertuliaError
from tertulia.store import ChatLog, Database, Retention

from .test_chat import ANA, BEN, CY, message, numbers


@pytest.fixture
async def database(make_database: Callable[[], Database]) -> AsyncIterator[Database]:
    opened = make_database()
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def log(database: Database) -> ChatLog:
    return ChatLog(database)


def edit(number: int, text: str, *, of: int = 1, by: ParticipantId | None = ANA) -> ChatChange:
    return ChatChange(f"m{of}", by, False, Edit(text), number, number / 1000)


def delete(number: int, *, of: int = 1, by: ParticipantId | None = ANA, moderates: bool = False) -> ChatChange:
    return ChatChange(f"m{of}", by, moderates, Delete(), number, number / 1000)


def react(number: int, reaction: str, *, of: int = 1, by: ParticipantId = BEN) -> ChatChange:
    return ChatChange(f"m{of}", by, False, SetReaction(reaction, True), number, number / 1000)


async def only(log: ChatLog) -> ChatMessage:
    (found,) = (await log.page("standup", None)).messages
    return found


async def code_of(result: Awaitable[object]) -> Code:
    with pytest.raises(TertuliaError) as caught:
        await result
    return caught.value.code


async def test_what_is_shown_of_a_change_is_what_is_kept(log: ChatLog) -> None:
    await log.keep("standup", message(1, "hi"))
    edited = await log.change("standup", edit(10, "Grüß Gott\0"))
    assert edited.is_new
    assert (edited.message.text, edited.message.edited, edited.message.change) == ("Grüß Gott\ufffd", 0.01, 10)
    reacted = await log.change("standup", react(11, "👍\0"))
    assert reacted.message.reactions == (MessageReaction("👍\0", (BEN,)),)
    assert await only(log) == reacted.message
    recalled = await log.recall("standup", 10)
    assert (recalled.messages, recalled.number) == ((reacted.message,), 11)


async def test_who_may_not_is_refused_and_nothing_is_different(log: ChatLog) -> None:
    await log.keep("standup", message(1, "hi"))
    assert await code_of(log.change("standup", edit(10, "x", by=BEN))) is Code.NOT_ALLOWED
    assert await code_of(log.change("standup", delete(11, by=BEN))) is Code.NOT_ALLOWED
    assert await code_of(log.change("standup", edit(12, "x", of=2))) is Code.NO_SUCH_MESSAGE
    assert await code_of(log.change("other", edit(13, "x"))) is Code.NO_SUCH_MESSAGE, "ids are their room's"
    assert await code_of(log.change("standup", ChatChange("\0", ANA, True, Delete(), 14, 1))) is Code.NO_SUCH_MESSAGE
    assert await only(log) == message(1, "hi")


async def test_a_change_that_changes_nothing_is_no_news(log: ChatLog) -> None:
    await log.keep("standup", message(1, "hi"))
    assert not (await log.change("standup", edit(10, "hi"))).is_new
    await log.change("standup", delete(11))
    assert not (await log.change("standup", delete(12))).is_new
    assert (await only(log)).change == 11


async def test_in_one_transaction_each_change_sees_those_before_it(log: ChatLog) -> None:
    results = [
        log.keep("standup", message(1, "one", key="k" * 16)),
        log.change("standup", edit(10, "two")),
        log.change("standup", edit(11, "three")),
        log.change("standup", edit(12, "no", by=BEN)),
        log.change("standup", delete(13)),
        log.change("standup", edit(14, "too late")),
        log.keep("standup", message(2, "again", key="k" * 16)),
    ]
    outcomes = await asyncio.gather(*results, return_exceptions=True)
    texts = [it.args[0] if isinstance(it, TertuliaError) else getattr(it, "message").text for it in outcomes]  # noqa: B009
    assert texts[:3] == ["one", "two", "three"]
    assert [it.code for it in outcomes if isinstance(it, TertuliaError)] == [Code.NOT_ALLOWED, Code.NO_SUCH_MESSAGE]
    assert texts[4] == "" and texts[6] == "", "what was deleted is not said again by its key"
    assert (await only(log)).deleted


async def test_who_comes_back_asks_for_what_has_changed_since(log: ChatLog) -> None:
    for number in range(1, 6):
        await log.keep("standup", message(number, to=BEN if number == 4 else None))
    await log.change("standup", edit(10, "x", of=3))
    await log.change("standup", delete(11, of=1))
    await log.change("standup", edit(12, "y", of=4))
    await log.keep("standup", message(13))
    await log.change("standup", edit(14, "z", of=13))
    changes = await log.page("standup", ANA, changed=5, before=6)
    assert (numbers(changes), changes.more) == ([3, 1, 4], False)
    first = await log.page("standup", ANA, changed=5, before=6, limit=1)
    assert (numbers(first), first.more) == ([3], True)
    assert numbers(await log.page("standup", CY, changed=10, before=6)) == [1], "private ones are for the two"
    assert numbers(await log.page("standup", ANA, after=5)) == [13]


async def test_deleted_text_is_found_nowhere(log: ChatLog) -> None:
    await log.keep("standup", message(1, "secret"))
    await log.change("standup", delete(10))
    assert numbers(await log.page("standup", ANA, words="secret")) == []
    assert numbers(await log.page("standup", ANA)) == [1], "its mark is"


async def test_deleted_text_is_gone_from_the_file(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    await database.open()
    log = ChatLog(database)
    await log.keep("standup", message(1, "a secret of mine"))
    await log.keep("standup", message(2, "another secret"))
    await log.change("standup", delete(10))
    await log.clear("standup", 11)
    await database.close()
    written = await asyncio.to_thread(lambda: b"".join(file.read_bytes() for file in tmp_path.iterdir()))
    assert b"standup" in written
    assert b"secret" not in written


async def test_a_room_is_cleared_in_its_turn(log: ChatLog) -> None:
    await log.keep("standup", message(1, key="k" * 16))
    await log.keep("other", message(2))
    results: list[Awaitable[object]] = [
        log.keep("standup", message(3)),
        log.clear("standup", 4),
        log.change("standup", edit(5, "x", of=1)),
        log.keep("standup", message(6, key="k" * 16)),
    ]
    outcomes = await asyncio.gather(*results, return_exceptions=True)
    assert isinstance(outcomes[2], TertuliaError)
    assert numbers(await log.page("standup", None)) == [6], "what is gone is no message that comes again"
    assert numbers(await log.page("other", None)) == [2]
    recalled = await log.recall("standup", 10)
    assert (recalled.cleared, recalled.number) == (4, 6)
    await log.clear("standup", 9)
    recalled = await log.recall("standup", 10)
    assert (recalled.cleared, recalled.number, recalled.messages) == (9, 9, ())


async def test_how_far_people_have_read_outlives_the_room(log: ChatLog) -> None:
    log.mark_read("standup", ANA, 5)
    log.mark_read("standup", ANA, 7)
    log.mark_read("standup", BEN, 3)
    log.mark_read("other", ANA, 1)
    await log.flush()
    log.mark_read("standup", BEN, 9)
    await log.flush()
    assert (await log.recall("standup", 1)).read_marks == ((ANA, 7), (BEN, 9))


async def test_what_is_too_old_takes_its_marks_with_it(log: ChatLog) -> None:
    for number in (1000, 3000):
        await log.keep("standup", message(number))
    log.mark_read("standup", ANA, 1000)
    log.mark_read("standup", BEN, 3000)
    await log.clear("other", 1000)
    assert await Retention(log, 1.0).look(now=3.5) == 1
    assert (await log.recall("standup", 1)).read_marks == ((BEN, 3000),)
    assert (await log.recall("other", 1)).cleared == 0
    log.forget_room("standup", 3000)
    await log.flush()
    recalled = await log.recall("standup", 1)
    assert (recalled.messages, recalled.read_marks) == ((), ())
