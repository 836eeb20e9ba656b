"""Rooms as Python code sees them, and what it can do in them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tertulia import Code, Room, Tertulia, TertuliaError
from tests.doors.harness import SECRET, Client, person, server


@asynccontextmanager
async def standup() -> AsyncIterator[tuple[Tertulia, Room, Client, Client]]:
    """Ana, who moderates, and Ben in an open room."""
    async with server() as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        room = app.room("standup")
        assert room is not None
        yield app, room, ana, ben


async def code_of(verb: Any) -> Code:
    with pytest.raises(TertuliaError) as caught:
        await verb
    return caught.value.code


async def test_rooms_and_who_is_in_them() -> None:
    async with standup() as (app, room, ana, ben):
        await person(app, "Cleo", room="den")
        assert [it.name for it in app.rooms] == ["standup", "den"]
        assert app.room("none") is None
        assert room == app.rooms[0] and hash(room) == hash(app.rooms[0]) and room != app.rooms[1]
        first, second = room.participants
        assert (first.id, first.name, first.role, first.connected, first.hand) == (ana.me, "Ana", "moderator", True, 0)
        assert "moderate" in first.rights and "publish:camera" in second.rights
        assert room.participant(ben.me) == second
        assert room.participant("nobody") is None
        published = await ben.ask("publish", source="camera", kind="video", width=640, height=480)
        (track,) = room.publications
        assert (track.id, track.participant, track.source) == (published["publication"]["id"], ben.me, "camera")
        assert (track.width, track.height, track.muted) == (640, 480, False)
    assert app.rooms == () and app.room("standup") is None


async def test_moderation() -> None:
    async with standup() as (_, room, ana, ben):
        await ben.ask("publish", source="microphone", kind="audio")
        await room.mute(ben.me)
        assert room.publications[0].muted
        await room.mute(ana.me)  # publishes nothing
        await room.ask_unmute(ben.me)
        assert (await ben.until("unmute_asked"))["source"] == "microphone"
        await ben.ask("hand", raised=True)
        assert room.participants[1].hand > 0
        await room.lower_hand(room.participants[1])
        assert room.participants[1].hand == 0
        await room.set_spotlight(ben.me)
        assert room.spotlight == ben.me
        await room.set_role(ben.me, "viewer")
        assert room.participants[1].role == "viewer" and room.publications == ()
        await room.remove(ben.me, "bye now")
        assert (await ben.until("bye"))["message"] == "bye now"
        assert [who.name for who in room.participants] == ["Ana"]


async def test_lock_and_waiting_room() -> None:
    async with standup() as (app, room, _, _):
        await room.lock()
        assert room.locked
        late = await Client(app).open()
        assert (await late.ask("join", room="standup", name="Cleo"))["code"] == "room_locked"
        await room.lock(False)
        await room.set_waiting_room(True)
        assert room.waiting_room
        guests = [await Client(app).open() for _ in range(2)]
        for guest in guests:
            guest.send("join", room="standup", name="Guest")
            await guest.until("waiting")
        cleo, dan = room.waiting
        await room.admit(cleo)
        await guests[0].until("joined")
        await room.deny(dan.id)
        assert (await guests[1].until("bye"))["code"] == "denied"
        assert room.waiting == () and len(room.participants) == 3


async def test_chat_and_data() -> None:
    async with standup() as (_, room, ana, ben):
        await room.chat.send("only you", to=ben.me)
        await room.chat.send("everybody")
        await room.send_data("score", {"home": 1}, latest=True)
        await room.send_data("image/raw", b"\x00\xff", to=ben.me)
        texts = [(await ben.until("chat"))["message"]["text"] for _ in range(2)]
        assert texts == ["only you", "everybody"]
        assert (await ben.until("data"))["data"] == {"home": 1}
        raw = await ben.until("data")
        assert (raw["topic"], raw["data"], raw["encoding"]) == ("image/raw", "AP8=", "base64")
        assert (await ana.until("chat"))["message"]["text"] == "everybody"


async def test_what_cannot_be_sent() -> None:
    async with standup() as (_, room, _, _):
        for text in ("", "x" * 10_001):
            with pytest.raises(ValueError, match="characters"):
                await room.chat.send(text)
        with pytest.raises(ValueError, match="topic"):
            await room.send_data("no topic", 1)
        with pytest.raises(ValueError, match="bytes"):
            await room.send_data("big", "x" * 17_000)
        with pytest.raises(TypeError):
            await room.send_data("what", object())


async def test_who_is_not_there_and_a_room_that_has_ended() -> None:
    async with standup() as (app, room, ana, _):
        for verb in (
            room.remove("nobody"), room.mute("nobody"), room.set_role("nobody", "viewer"), room.admit("nobody"),
            room.chat.send("hi", to="nobody"), room.send_data("t", 1, to="nobody"), room.lower_hand("nobody"),
        ):  # fmt: skip
            assert await code_of(verb) is Code.NO_SUCH_PARTICIPANT
        assert await code_of(room.set_role(ana.me, "speaker")) is Code.INVALID
        await room.end()
        assert (await ana.until("bye"))["code"] == "room_ended"
        assert room.ended and app.rooms == ()
        for verb in (room.end(), room.lock(), room.chat.send("hi")):
            assert await code_of(verb) is Code.ROOM_ENDED


async def test_the_secret_makes_tokens_and_without_one_there_are_none() -> None:
    assert Tertulia(secret=SECRET).admin_token()
    with pytest.raises(ValueError, match="secret"):
        Tertulia(open=True).token("den")
    with pytest.raises(ValueError, match="secret"):
        Tertulia(open=True).admin_token()
