"""What was said before one came, and while one was away."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

from tertulia.errors import Code
from tertulia.wire import native

from .door import Door
from .server import Server
from .support import WITHIN, Invite, refused


def texts(messages: list[native.ChatMessage]) -> list[str]:
    return [said.text for said in messages]


async def test_pages_of_what_was_said(invite: Invite) -> None:
    ana = await invite("Ana")
    for number in range(12):
        await ana.chat(str(number))
    bo = await invite("Bo")
    last = await bo.chat_history(limit=5)
    assert (texts(last.messages), last.more) == (["7", "8", "9", "10", "11"], True)
    before = await bo.chat_history(before=last.messages[0].number, limit=100)
    assert (texts(before.messages), before.more) == ([str(n) for n in range(7)], False)
    after = await bo.chat_history(after=before.messages[-1].number, limit=2)
    assert (texts(after.messages), after.more) == (["7", "8"], True)
    assert last.messages == bo.room.messages[-5:]


async def test_words_are_found(invite: Invite) -> None:
    ana = await invite("Ana")
    for text in ("Ärger im Büro", "nothing", "büro, ärger"):
        await ana.chat(text)
    assert texts((await ana.chat_history(words="BÜRO ärger")).messages) == ["Ärger im Büro", "büro, ärger"]


async def test_a_private_message_is_in_the_history_of_two(invite: Invite) -> None:
    ana, bo, cy = [await invite(name) for name in ("Ana", "Bo", "Cy")]
    await ana.chat("psst", to=bo.identity)
    pages = [texts((await person.chat_history()).messages) for person in (ana, bo, cy)]
    assert pages == [["psst"], ["psst"], []]


async def test_numbers_rise(invite: Invite) -> None:
    people = [await invite(name) for name in ("Ana", "Bo", "Cy")]
    await asyncio.gather(*[person.chat(str(n)) for n in range(10) for person in people])
    numbers = [said.number for said in people[0].room.messages]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 30


async def test_a_page_that_nobody_can_ask_for(invite: Invite) -> None:
    ana = await invite("Ana")
    for limit in (0, 101):
        with refused(Code.MALFORMED):
            await ana.chat_history(limit=limit)
    with refused(Code.MALFORMED):
        await ana.chat_history(before=0)
    with refused(Code.MALFORMED):
        await ana.chat_history(after=-1)
    with refused(Code.TOO_LARGE):
        await ana.chat_history(words="x" * 201)


async def test_what_was_said_is_there_after_a_restart(
    door: Door, fresh: Callable[..., Server], room: str, tmp_path: Path
) -> None:
    server = fresh("--data-dir", str(tmp_path), chat_retention=3600)
    async with door.client(server.url, room=room, name="Ana") as ana:
        await ana.chat("before")
    server.stop()
    server.start()
    async with door.client(server.url, room=room, name="Bo") as bo:
        assert texts(bo.room.messages) == ["before"]
        assert texts((await bo.chat_history()).messages) == ["before"]


async def test_a_database_that_fails_refuses_what_is_said_and_nothing_else(
    door: Door, fresh: Callable[..., Server], room: str, tmp_path: Path
) -> None:
    server = fresh("--data-dir", str(tmp_path), chat_retention=3600)
    async with (
        door.client(server.url, room=room, name="Ana") as ana,
        door.client(server.url, room=room, name="Bo") as bo,
    ):
        rename(tmp_path, "chat", "elsewhere")
        with refused(Code.STORE_FAILED):
            await ana.chat("lost")
        with refused(Code.STORE_FAILED):
            await ana.chat_history()
        await ana.react("👋")
        rename(tmp_path, "elsewhere", "chat")
        await ana.chat("kept")
        await bo.until(lambda c: texts(c.room.messages) == ["kept"], WITHIN)


def rename(folder: Path, table: str, name: str) -> None:
    with sqlite3.connect(folder / "tertulia.db") as connection:
        connection.execute(f"ALTER TABLE {table} RENAME TO {name}")
