"""What holds where one speaks and may wait: roles, budgets, the waiting room, slow readers. One body, every door on a socket."""

import pytest

from tests.doors.harness import SECRET, eventually, server
from tests.doors.pages import running, the_room

from .sockets import SOCKETS, Driver, shout

ROOM = "den"
pytestmark = pytest.mark.parametrize("door", SOCKETS, ids=lambda door: str(door.name))


# --- getting in -----------------------------------------------------------------------------------------------------------------------


async def test_people_of_a_door_hear_each_other(door: Driver) -> None:
    async with server() as (app, _):
        ana, ben = await door.enter(app, "ana", ROOM), await door.enter(app, "ben", ROOM)
        ana.speak(ben)
        await ben.hears()
        elsewhere = await door.enter(app, "cora", "elsewhere")
        ben.speak(ana)
        await ana.hears()
        assert elsewhere.client.waiting() == 0


async def test_who_has_to_wait_is_let_in_or_sent_away(door: Driver) -> None:
    async with server() as (app, _):
        await door.enter(app, "ana", ROOM)
        await the_room(app, ROOM).set_waiting_room(True)
        ben = await door.knock(app, "ben", ROOM)
        await eventually(lambda: len(the_room(app, ROOM).waiting) == 1)
        await the_room(app, ROOM).admit(the_room(app, ROOM).waiting[0].id)
        await door.let_in(ben)
        cora = await door.knock(app, "cora", ROOM)
        await eventually(lambda: len(the_room(app, ROOM).waiting) == 1)
        await the_room(app, ROOM).deny(the_room(app, ROOM).waiting[0].id)
        assert await cora.ended() == "denied"
        await cora.client.ended()


# --- being there ----------------------------------------------------------------------------------------------------------------------


async def test_a_viewer_may_not_speak(door: Driver) -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        ana = await door.enter(app, "ana", ROOM, token=app.token(ROOM))
        ben = await door.enter(app, "ben", ROOM, token=app.token(ROOM, role="viewer"))
        ben.speak(ana)
        assert await ben.refused() == "not_allowed"


async def test_a_message_that_is_too_large_is_refused_and_the_session_goes_on(door: Driver) -> None:
    async with server() as (app, _):
        ana, ben = await door.enter(app, "ana", ROOM), await door.enter(app, "ben", ROOM)
        ana.say_too_much()
        assert await ana.refused() == "too_large"
        ana.speak(ben)
        await ben.hears()


async def test_who_speaks_too_fast_is_told_and_in_the_end_let_go(door: Driver) -> None:
    async with server(messages_per_second=1) as (app, _):
        ana, ben = await door.enter(app, "ana", ROOM), await door.enter(app, "ben", ROOM)
        for _ in range(8):
            ana.speak(ben)
        assert await ana.refused() == "too_many_messages"
        for _ in range(60):
            ana.speak(ben)
        assert await ana.ended() == "too_many_messages"
        await ana.client.ended()
        await eventually(lambda: len(the_room(app, ROOM).participants) == 1)
        assert running(app).refused()["too_many_messages"] > 30


async def test_who_does_not_read_is_let_go_and_holds_up_nobody(door: Driver) -> None:
    async with server(messages_per_second=10_000) as (app, _):
        ana, ben = await door.enter(app, "ana", ROOM), await door.enter(app, "ben", ROOM)
        cora = await door.enter(app, "cora", ROOM)
        _, second, _ = (who.id for who in the_room(app, ROOM).participants)
        ben.client.hold()
        await shout(ana, ben)
        await eventually(lambda: door.is_let_go(app, second, ROOM))
        cora.speak(ana)
        await ana.hears()
        ben.client.release()
        closed = await ben.client.closed()
        assert (closed.code, closed.reason) == (1013, door.too_slow)
        await ben.client.ended()


# --- the end --------------------------------------------------------------------------------------------------------------------------


async def test_a_socket_that_goes_while_its_person_is_asked_about_leaves_nobody_behind(door: Driver) -> None:
    async with server() as (app, _):
        ana = await door.knock(app, "ana", ROOM)
        ana.client.drop()
        await ana.client.ended()
        assert running(app).connections.open == 0
        await eventually(lambda: not any(who.connected for room in app.rooms for who in room.participants))
