"""What is kept of what was said: on SQLite in memory and in a file, and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import event

from tertulia.core.ids import ParticipantId
from tertulia.core.model import ChatMessage
from tertulia.errors import Code, Unavailable
from tertulia.store import ChatLog, Database, Page, Retention
from tertulia.store.chat import PAGE_BYTES, WAITING

ANA, BEN, CY = (ParticipantId(name) for name in ("ana", "ben", "cy"))


def message(
    number: int, text: str = "hi", *, to: ParticipantId | None = None, key: str = "", by: ParticipantId = ANA
) -> ChatMessage:
    return ChatMessage(f"m{number}", by, by.upper(), text, number / 1000, to, number, key)


def numbers(page: Page) -> list[int]:
    return [it.number for it in page.messages]


@pytest.fixture
async def database(make_database: Callable[[], Database]) -> AsyncIterator[Database]:
    opened = make_database()
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def log(database: Database) -> ChatLog:
    return ChatLog(database)


async def test_what_is_kept_comes_back_whole(log: ChatLog) -> None:
    said = message(7, "Grüß Gott 👋\n王", to=BEN, key="k" * 16)
    kept = await log.keep("standup", said)
    assert kept.is_new
    page = await log.page("standup", ANA)
    assert page == Page((said,), more=False)
    assert (await log.recall("standup", 10)).messages == (), "a newcomer is shown what was said to everybody"
    assert (await log.recall("standup", 10)).number == 7


async def test_a_message_that_comes_again_is_the_one_that_was_kept(log: ChatLog) -> None:
    first = message(1, "once", key="a key of a client")
    assert (await log.keep("standup", first)).is_new
    again = await log.keep("standup", message(2, "once", key="a key of a client", by=BEN))
    assert (again.message, again.is_new) == (first, False)
    assert (await log.keep("other", message(3, "there", key="a key of a client"))).is_new, "a key is its room's"
    assert numbers(await log.page("standup", None)) == [1]


async def test_a_key_that_comes_twice_in_one_batch_is_kept_once(log: ChatLog) -> None:
    both = await asyncio.gather(
        log.keep("standup", message(1, key="k" * 16)), log.keep("standup", message(2, key="k" * 16))
    )
    assert [it.is_new for it in both] == [True, False]
    assert numbers(await log.page("standup", None)) == [1]


async def test_messages_are_kept_in_their_order_and_many_in_one_transaction(log: ChatLog, database: Database) -> None:
    commits = 0

    def count(_: object) -> None:
        nonlocal commits
        commits += 1

    event.listen(database._engine.sync_engine, "commit", count)
    order: list[int] = []
    results = [log.keep("standup", message(number)) for number in range(1, 1201)]
    for result in results:
        result.add_done_callback(lambda done: order.append(done.result().message.number))
    await asyncio.gather(*results)
    assert order == list(range(1, 1201))
    assert commits == 3


async def test_pages_go_back_and_forth(log: ChatLog) -> None:
    await asyncio.gather(*[log.keep("standup", message(number)) for number in range(1, 26)])
    last = await log.page("standup", ANA, limit=10)
    assert (numbers(last), last.more) == (list(range(16, 26)), True)
    before = await log.page("standup", ANA, before=6, limit=10)
    assert (numbers(before), before.more) == ([1, 2, 3, 4, 5], False)
    after = await log.page("standup", ANA, after=10, limit=10)
    assert (numbers(after), after.more) == (list(range(11, 21)), True)
    between = await log.page("standup", ANA, after=3, before=6)
    assert (numbers(between), between.more) == ([4, 5], False)
    assert await log.page("empty", ANA) == Page((), more=False)


async def test_a_page_is_bounded_in_bytes(log: ChatLog) -> None:
    text = "王" * (PAGE_BYTES // 3 // 4)
    await asyncio.gather(*[log.keep("standup", message(number, text)) for number in range(1, 9)])
    page = await log.page("standup", ANA, after=0)
    assert (numbers(page), page.more) == ([1, 2, 3, 4], True)
    await log.keep("standup", message(9, "x" * (2 * PAGE_BYTES)))
    page = await log.page("standup", ANA, after=8)
    assert (numbers(page), page.more) == ([9], False), "one message is always given"


async def test_a_private_message_is_for_the_two(log: ChatLog) -> None:
    await log.keep("standup", message(1, "all"))
    await log.keep("standup", message(2, "psst", to=BEN))
    assert [numbers(await log.page("standup", who)) for who in (ANA, BEN, CY, None)] == [[1, 2], [1, 2], [1], [1, 2]]


async def test_words_are_found_whatever_their_case_and_signs_mean_themselves(log: ChatLog) -> None:
    texts = ["Ärger im Büro", "100% sure", "100 sure", "under_score", "underXscore", "büro und ärger"]
    for number, text in enumerate(texts, 1):
        await log.keep("standup", message(number, text))
    assert numbers(await log.page("standup", ANA, words="ärger BÜRO")) == [1, 6]
    assert numbers(await log.page("standup", ANA, words="100%")) == [2]
    assert numbers(await log.page("standup", ANA, words="r_s")) == [4]
    assert numbers(await log.page("standup", ANA, words="'; DROP TABLE chat; --")) == []
    assert numbers(await log.page("standup", ANA)) == [1, 2, 3, 4, 5, 6]


async def test_a_text_that_postgresql_would_not_take_harms_nobody(log: ChatLog) -> None:
    both = [log.keep("standup", message(1, "a\0b", key="k\0" * 8)), log.keep("standup", message(2, "fine"))]
    assert [(await it).message.text for it in both] == ["a\ufffdb", "fine"]
    assert [it.text for it in (await log.page("standup", ANA, words="\0fine\0")).messages] == ["fine"]


async def test_what_is_too_old_is_forgotten(log: ChatLog) -> None:
    for number in (1_000, 2_000, 3_000):
        await log.keep("standup", message(number))
    assert await Retention(log, 1.5).look(now=3.0) == 1
    assert numbers(await log.page("standup", None)) == [2_000, 3_000]


async def test_where_nothing_outlives_its_room_what_a_killed_server_left_is_forgotten(log: ChatLog) -> None:
    await log.keep("standup", message(1_000))
    await Retention(log, 0).run()
    assert numbers(await log.page("standup", None)) == []


async def test_a_room_forgets_what_was_said_before_it_opened_anew(log: ChatLog) -> None:
    for number in (1, 2, 3):
        await log.keep("standup", message(number))
    await log.keep("other", message(4))
    log.forget_room("standup", 2)
    await log.flush()
    assert numbers(await log.page("standup", None)) == [3]
    assert numbers(await log.page("other", None)) == [4]


async def test_a_database_that_fails_is_told_to_who_waits_and_tried_again(log: ChatLog, database: Database) -> None:
    fails = True

    def break_it(*_: object) -> None:
        if fails:
            raise OSError("disk full")

    event.listen(database._engine.sync_engine, "before_cursor_execute", break_it)
    with pytest.raises(Unavailable) as caught:
        await log.keep("standup", message(1))
    assert caught.value.code is Code.STORE_FAILED
    with pytest.raises(Unavailable):
        await log.page("standup", ANA)
    with pytest.raises(Unavailable):
        await log.recall("standup", 10)
    fails = False
    assert (await log.keep("standup", message(2))).is_new
    assert numbers(await log.page("standup", ANA)) == [2]


async def test_more_than_can_wait_is_refused(log: ChatLog) -> None:
    results = [log.keep("standup", message(number)) for number in range(1, WAITING + 2)]
    with pytest.raises(Unavailable):
        await results[-1]
    await asyncio.gather(*results[:-1])


async def test_a_database_in_memory_is_its_owners(log: ChatLog) -> None:
    other = Database()
    await other.open()
    await log.keep("standup", message(1))
    assert (await ChatLog(other).recall("standup", 10)).number == 0
    await other.close()
