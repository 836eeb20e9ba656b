"""Messages that are edited, deleted, and reacted to; who writes, and who has read."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

from tertulia.client import Client, Status
from tertulia.errors import Code
from tertulia.wire import native

from .door import Door
from .server import SECRET, Server
from .support import WITHIN, Invite, next_of, refused


async def said(by: Client, text: str, *others: Client, to: str | None = None) -> native.ChatMessage:
    """The message, when all of these have it."""
    streams = [client.events(native.ChatReceived) for client in (by, *others)]
    await by.chat.send(text, to)
    heard: list[native.ChatMessage] = [(await next_of(stream, native.ChatReceived)).message for stream in streams]
    assert all(it == heard[0] for it in heard)
    return heard[0]


async def shows(client: Client, id: str, text: str) -> native.ChatMessage:
    """Waits until the client has it so."""
    await client.until(lambda c: any(it.id == id and it.text == text for it in c.room.messages), WITHIN)
    return next(it for it in client.room.messages if it.id == id)


async def test_an_edited_message_is_so_for_everybody(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    message = await said(ana, "hello", bo)
    await ana.chat.edit(message.id, "good evening")
    for person in (ana, bo):
        after = await shows(person, message.id, "good evening")
        assert after.number == message.number and after.change > message.number and after.edited
    cy = await invite("Cy")
    assert [it.text for it in cy.room.messages] == ["good evening"]


async def test_a_deleted_message_leaves_a_mark(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    message = await said(bo, "oh no", ana)
    await bo.chat.delete(message.id)
    await bo.chat.delete(message.id)
    after = await shows(ana, message.id, "")
    assert after.deleted and after.sender == bo.identity
    (page,) = (await ana.chat.history()).messages
    assert page == after
    assert (await ana.chat.history(words="oh")).messages == []


async def test_others_may_not_and_moderators_may(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    anas, bos = await said(ana, "mine", bo), await said(bo, "his", ana)
    for refusal in (bo.chat.edit(anas.id, "x"), bo.chat.delete(anas.id), ana.chat.edit(bos.id, "x")):
        with refused(Code.NOT_ALLOWED):
            await refusal
    await ana.chat.delete(bos.id)  # the first one in an open room moderates it
    await shows(bo, bos.id, "")
    with refused(Code.NO_SUCH_MESSAGE):
        await bo.chat.edit(bos.id, "back")
    with refused(Code.NO_SUCH_MESSAGE):
        await bo.chat.react("nothing", "👍")


async def test_reactions_under_a_message(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    message = await said(ana, "lunch?", bo)
    await bo.chat.react(message.id, "👍")
    await ana.chat.react(message.id, "👍")
    await ana.chat.react(message.id, "<b>🍝</b>")
    await bo.chat.react(message.id, "👍", on=False)
    await bo.chat.react(message.id, "👍", on=False)
    wanted = [native.MessageReaction("👍", [ana.identity]), native.MessageReaction("<b>🍝</b>", [ana.identity])]
    await bo.until(lambda c: [it.reactions for it in c.room.messages] == [wanted], WITHIN)


async def test_a_private_message_is_changed_for_the_two(invite: Invite) -> None:
    ana, bo, cy = [await invite(name) for name in ("Ana", "Bo", "Cy")]
    message = await said(bo, "psst", cy, to=cy.identity)
    with ana.events(native.ChatChanged) as anas, cy.events(native.ChatChanged) as cys:
        await cy.chat.react(message.id, "🤫")
        await bo.chat.edit(message.id, "never mind")
        assert (await cys.next(WITHIN)).message.reactions
        assert (await cys.next(WITHIN)).message.text == "never mind"
        for refusal in (ana.chat.react(message.id, "👀"), ana.chat.delete(message.id)):
            with refused(Code.NO_SUCH_MESSAGE):
                await refusal
        public = await said(bo, "all", ana)
        await bo.chat.edit(public.id, "everybody")
        assert (await anas.next(WITHIN)).message.id == public.id, "of the other one she hears nothing"


async def test_changes_that_nobody_can_ask_for(invite: Invite) -> None:
    ana = await invite("Ana")
    message = await said(ana, "hi")
    for text in ("", "x" * 10_001):
        with refused(Code.MALFORMED if not text else Code.TOO_LARGE):
            await ana.chat.edit(message.id, text)
    with refused(Code.TOO_LARGE):
        await ana.chat.edit(message.id, "王" * 6_000)
    with refused(Code.TOO_LARGE):
        await ana.chat.react(message.id, "👍" * 17)
    for number in range(20):
        await ana.chat.react(message.id, str(number))
    with refused(Code.INVALID):
        await ana.chat.react(message.id, "one more")
    with refused(Code.MALFORMED):
        await ana.chat.read(-1)
    with refused(Code.NO_SUCH_PARTICIPANT):
        await ana.chat.typing(to="nobody")


async def test_who_writes_is_shown_until_he_has(invite: Invite) -> None:
    ana, bo, cy = [await invite(name) for name in ("Ana", "Bo", "Cy")]
    await bo.chat.typing()
    await ana.until(lambda c: c.room.typing == [bo.identity], WITHIN)
    assert bo.room.typing == []
    await bo.chat("done")
    await ana.until(lambda c: c.room.typing == [], WITHIN)
    await bo.chat.typing(to=ana.identity)
    await ana.until(lambda c: c.room.typing_privately == [bo.identity], WITHIN)
    await bo.chat.typing(False)
    await ana.until(lambda c: c.room.typing_privately == [], WITHIN)
    assert cy.room.typing_privately == []


async def test_how_far_people_have_read(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    first, second = await said(ana, "one", bo), await said(ana, "two", bo)
    await bo.chat.read(second.number)
    await bo.chat.read(first.number)
    await ana.until(lambda c: c.room.read == {bo.identity: second.number}, WITHIN)
    cy = await invite("Cy")
    assert cy.room.read == {bo.identity: second.number}


async def test_who_comes_back_is_told_what_has_changed(
    door: Door, fresh: Callable[..., Server], room: str, tmp_path: Path, token: Callable[..., str]
) -> None:
    server = fresh("--data-dir", str(tmp_path), "--secret", SECRET, chat_retention=3600)

    def person(name: str) -> Client:
        return door.client(server.url, room=room, name=name, token=token(room=room, identity=name.lower()))

    async with person("Ana") as ana, person("Bo") as bo:
        with ana.chat.messages(changes=True) as stream:
            messages = [await said(bo, text, ana) for text in ("one", "two", "three")]
            await bo.chat.edit(messages[0].id, "ONE")
            heard = [(await asyncio.wait_for(anext(stream), WITHIN)).text for _ in range(4)]
            assert heard == ["one", "two", "three", "ONE"]
            await bo.chat.read(messages[2].number)
            server.stop(signal.SIGKILL)
            await asyncio.to_thread(server.start)
            for client in (ana, bo):
                await client.until(lambda c: c.status is Status.JOINED, 30)
            await bo.chat.delete(messages[1].id)
            await bo.chat.edit(messages[0].id, "Eins")
            heard = [(await asyncio.wait_for(anext(stream), WITHIN)).text for _ in range(2)]
            assert heard == ["", "Eins"]
    async with person("Cy") as cy:
        assert [it.text for it in cy.room.messages] == ["Eins", "", "three"]
