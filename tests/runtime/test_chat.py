"""Chat that is kept: nobody is shown what is not."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import event

from tertulia.core import commands, events
from tertulia.core.ids import ParticipantId
from tertulia.core.model import RoomSettings
from tertulia.errors import Code, TertuliaError
from tertulia.media.fake import FakeMedia
from tertulia.runtime.hub import Hub
from tertulia.runtime.seat import Done, Entered, Outcome
from tertulia.store import ChatLog, Database

from .test_rooms import ANA, BEN, Seat


class Stage:
    """A hub on a database that can be made to fail."""

    def __init__(self, database: Database, *, outlives_rooms: bool = True) -> None:
        self.fails = False
        self.log = ChatLog(database, outlives_rooms=outlives_rooms)
        self.hub = Hub(FakeMedia(), lambda name: RoomSettings(name), chat=self.log)
        event.listen(database._engine.sync_engine, "before_cursor_execute", self._break)

    def _break(self, *_: object) -> None:
        if self.fails:
            raise OSError("disk full")

    async def join(self, who: ParticipantId) -> Seat:
        seat, outcomes = Seat(who), list[Outcome]()
        await self.hub.join("standup", commands.Join(who, who), seat, lambda actor, outcome: outcomes.append(outcome))
        assert outcomes == [Done()]
        return seat

    async def say(self, text: str, key: str = "", by: ParticipantId = ANA, to: ParticipantId | None = None) -> Outcome:
        return await self.hub.rooms["standup"].request(commands.SendChat(by, text, text, to, 1.0, key))

    async def end(self) -> None:
        actor = self.hub.rooms["standup"]
        await actor.request(commands.End(None))
        await actor.stopped()
        await self.log.flush()


def heard(seat: Seat) -> list[str]:
    return [it.message.text for it in seat.notices if isinstance(it, events.ChatSent)]


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    opened = Database()
    await opened.open()
    yield opened
    await opened.close()


async def test_a_message_is_kept_then_shown_then_answered(database: Database) -> None:
    stage = Stage(database)
    ana, ben = await stage.join(ANA), await stage.join(BEN)
    assert await stage.say("hello") == Done()
    assert heard(ana) == heard(ben) == ["hello"]
    assert [it.text for it in (await stage.log.page("standup", BEN)).messages] == ["hello"]


async def test_what_cannot_be_kept_is_refused_and_shown_to_nobody(database: Database) -> None:
    stage = Stage(database)
    ana, ben = await stage.join(ANA), await stage.join(BEN)
    stage.fails = True
    outcome = await stage.say("lost")
    assert isinstance(outcome, TertuliaError)
    assert outcome.code is Code.STORE_FAILED
    assert outcome.retryable
    stage.fails = False
    assert await stage.say("kept") == Done()
    assert heard(ana) == heard(ben) == ["kept"]


async def test_a_message_that_comes_again_is_answered_and_not_shown_again(database: Database) -> None:
    stage = Stage(database)
    ana = await stage.join(ANA)
    assert await stage.say("once", key="k" * 16) == Done()
    assert await stage.say("once", key="k" * 16) == Done()
    assert heard(ana) == ["once"]


async def test_messages_of_all_come_in_one_order(database: Database) -> None:
    stage = Stage(database)
    ana, ben = await stage.join(ANA), await stage.join(BEN)
    texts = [(f"{who}{number}", who) for number in range(40) for who in (ANA, BEN)]
    await asyncio.gather(*[stage.say(text, by=who) for text, who in texts])
    assert heard(ana) == heard(ben) == [text for text, _ in texts]


async def test_a_room_that_opens_anew_knows_what_was_said(database: Database) -> None:
    stage = Stage(database)
    await stage.join(ANA)
    await stage.say("before")
    await stage.end()
    ben = await stage.join(BEN)
    (entered,) = [it for it in ben.notices if isinstance(it, Entered)]
    assert [it.text for it in entered.snapshot.messages] == ["before"]


async def test_where_nothing_outlives_a_room_it_does_not(database: Database) -> None:
    stage = Stage(database, outlives_rooms=False)
    await stage.join(ANA)
    await stage.say("before")
    await stage.end()
    ben = await stage.join(BEN)
    (entered,) = [it for it in ben.notices if isinstance(it, Entered)]
    assert entered.snapshot.messages == ()
    assert (await stage.log.page("standup", None)).messages == ()


async def test_where_nothing_can_be_recalled_people_meet_all_the_same(database: Database) -> None:
    stage = Stage(database)
    stage.fails = True
    ana = await stage.join(ANA)
    stage.fails = False
    assert await stage.say("hello") == Done()
    assert heard(ana) == ["hello"]
