"""Texts, and their one order."""

import asyncio
import time

from tertulia.errors import Code
from tertulia.wire import native

from .support import WITHIN, Invite, refused, settled


async def test_to_everyone_the_sender_included(invite: Invite) -> None:
    people = [await invite("Ana"), await invite("Bo"), await invite("Cy")]
    streams = [person.events(native.ChatReceived) for person in people]
    await people[1].chat("Grüß Gott 👋\n王")
    heard = [(await stream.next(WITHIN)).message for stream in streams]
    assert heard[0] == heard[1] == heard[2]
    message = heard[0]
    assert (message.sender, message.name, message.to) == (people[1].identity, "Bo", None)
    assert message.text == "Grüß Gott 👋\n王"
    assert abs(message.time - time.time()) < 60


async def test_to_one_and_the_sender(invite: Invite) -> None:
    ana, bo, cy = [await invite(name) for name in ("Ana", "Bo", "Cy")]
    streams = [person.events(native.ChatReceived) for person in (ana, bo, cy)]
    await ana.chat("psst", to=bo.identity)
    await settled(ana, bo, cy)
    texts = [[event.message.text for event in stream.waiting()] for stream in streams]
    assert texts == [["psst", "settled"], ["psst", "settled"], ["settled"]]


async def test_all_have_the_same_order(invite: Invite) -> None:
    people = [await invite(name) for name in ("Ana", "Bo", "Cy")]
    streams = [person.events(native.ChatReceived) for person in people]

    async def talk(number: int) -> None:
        for line in range(30):
            await people[number].chat(f"{number}:{line}")

    await asyncio.gather(talk(0), talk(1))
    orders = []
    for stream in streams:
        orders.append([(await stream.next(WITHIN)).message.text for _ in range(60)])
    assert orders[0] == orders[1] == orders[2]
    for number in (0, 1):
        assert [text for text in orders[0] if text.startswith(f"{number}:")] == [f"{number}:{n}" for n in range(30)]


async def test_the_reply_comes_after_ones_own_text(invite: Invite) -> None:
    """What a request does stands in the stream before its reply."""
    ana = await invite("Ana")
    events = ana.events(native.ChatReceived, native.Ok)
    await ana.chat("one")
    assert [type(event) for event in events.waiting()] == [native.ChatReceived, native.Ok]


async def test_newcomers_are_given_the_last_messages_to_everybody(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    await ana.chat("before")
    await ana.chat("psst", to=bo.identity)
    await bo.chat("too")
    cy = await invite("Cy")
    chats = cy.events(native.ChatReceived)
    assert [(said.sender, said.text) for said in cy.room.messages] == [(ana.identity, "before"), (bo.identity, "too")]
    assert cy.room.messages == bo.room.messages
    await settled(cy)
    assert [event.message.text for event in chats.waiting()] == ["settled"], "and not again as events"


async def test_who_resumes_has_every_message_once(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    chats = bo.events(native.ChatReceived)
    for number in range(6):
        if number % 2:
            bo.reconnect()
        await ana.chat(str(number))
    await settled(bo)
    assert [event.message.text for event in chats.waiting()] == [*"012345", "settled"]
    assert [said.text for said in bo.room.messages] == list("012345")


async def test_a_hundred_messages_are_kept(invite: Invite) -> None:
    ana = await invite("Ana")
    for number in range(110):
        await ana.chat(str(number))
    bo = await invite("Bo")
    assert [said.text for said in bo.room.messages] == [str(number) for number in range(10, 110)]
    assert bo.room.messages == ana.room.messages


async def test_nobody_there_and_too_long(invite: Invite) -> None:
    ana = await invite("Ana")
    with refused(Code.NO_SUCH_PARTICIPANT):
        await ana.chat("hello?", to="nobody")
    await ana.chat("x" * 10_000)
    with refused(Code.TOO_LARGE):
        await ana.chat("x" * 10_001)
    with refused(Code.TOO_LARGE):
        await ana.chat("王" * 9_999)
    with refused(Code.MALFORMED):
        await ana.chat("")


async def test_who_may_not_chat(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    await ana.set_role(bo.identity, "viewer")
    await bo.until(lambda c: c.room.you.role == "viewer", WITHIN)
    if "chat" in bo.room.rights:
        await bo.chat("viewers may")
    else:
        with refused(Code.NOT_ALLOWED):
            await bo.chat("viewers may not")
