"""What holds at every door: size, lock, waiting room, tokens, roles, removal, budgets, leaving and the end. One body, every door."""

import pytest

from tests.doors.harness import SECRET, eventually, server
from tests.doors.pages import running, the_room

from .drivers import DRIVERS, Driver, Refused, shout

ROOM = "den"
pytestmark = pytest.mark.parametrize("door", DRIVERS, ids=lambda door: str(door.name))


async def refusal(door: Driver, app: object, id: str = "late", **given: str) -> str:
    with pytest.raises(Refused) as refused:
        await door.enter(app, id, given.pop("room", ROOM), **given)
    return refused.value.code


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


async def test_a_full_room_has_no_place_until_somebody_goes(door: Driver) -> None:
    async with server(max_room_size=2) as (app, _):
        ana = await door.enter(app, "ana", ROOM)
        await door.enter(app, "ben", ROOM)
        assert await refusal(door, app) == "room_full"
        ana.leave()
        await eventually(lambda: len(the_room(app, ROOM).participants) == 1)
        await door.enter(app, "cora", ROOM)


async def test_a_locked_room_lets_nobody_in(door: Driver) -> None:
    async with server() as (app, _):
        await door.enter(app, "ana", ROOM)
        await the_room(app, ROOM).lock()
        assert await refusal(door, app) == "room_locked"
        await the_room(app, ROOM).lock(False)
        await door.enter(app, "ben", ROOM)


async def test_there_are_only_so_many_rooms(door: Driver) -> None:
    async with server(max_rooms=1) as (app, _):
        await door.enter(app, "ana", ROOM)
        assert await refusal(door, app, room="another") == "too_many_rooms"


async def test_tokens_are_asked_for_and_checked(door: Driver) -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        assert await refusal(door, app) == "token_required"
        assert await refusal(door, app, token=app.token(ROOM, ttl=-60)) == "token_expired"
        assert await refusal(door, app, token=app.token("another")) == "wrong_room"
        assert await refusal(door, app, token=app.token(ROOM)[:-4] + "AAAA") == "token_invalid"
        assert app.rooms == ()
        await door.enter(app, "ana", ROOM, token=app.token(ROOM))


async def test_the_identity_of_a_token_replaces_itself(door: Driver) -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        ana = await door.enter(app, "ana", ROOM, token=app.token(ROOM, identity="ana"))
        await door.enter(app, "ana", ROOM, token=app.token(ROOM, identity="ana", ttl=60))
        assert await ana.ended() == "replaced"
        assert [who.id for who in the_room(app, ROOM).participants] == ["ana"]


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


async def test_sockets_of_one_address_are_counted_and_paid_back(door: Driver) -> None:
    async with server(max_connections_per_address=1) as (app, _):
        ana = await door.enter(app, "ana", ROOM)
        assert await refusal(door, app) == "too_many_connections"
        await door.enter(app, "ben", ROOM, address="10.0.0.2")
        ana.client.drop()
        await ana.client.ended()
        assert running(app).connections.open == 1
        await door.enter(app, "cora", ROOM)


# --- being there ----------------------------------------------------------------------------------------------------------------------


async def test_a_viewer_may_not_speak(door: Driver) -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        ana = await door.enter(app, "ana", ROOM, token=app.token(ROOM))
        ben = await door.enter(app, "ben", ROOM, token=app.token(ROOM, role="viewer"))
        ben.speak(ana)
        assert await ben.refused() == "not_allowed"


async def test_who_is_removed_is_told_and_gone(door: Driver) -> None:
    async with server() as (app, media):
        ana, ben = await door.enter(app, "ana", ROOM), await door.enter(app, "ben", ROOM)
        first, second = (who.id for who in the_room(app, ROOM).participants)
        await the_room(app, ROOM).remove(first)
        assert await ana.ended() == "removed"
        await ana.client.ended()
        assert [who.id for who in the_room(app, ROOM).participants] == [second]
        assert len(media.named("close")) == 1
        cora = await door.enter(app, "cora", ROOM)
        cora.speak(ben)
        await ben.hears()


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


async def test_who_leaves_is_gone_at_once(door: Driver) -> None:
    async with server() as (app, media):
        ana, ben = await door.enter(app, "ana", ROOM), await door.enter(app, "ben", ROOM)
        ana.leave()
        await eventually(lambda: len(the_room(app, ROOM).participants) == 1)
        await ana.client.ended()
        assert len(media.named("close")) == 1
        again = await door.enter(app, "ana", ROOM)
        again.speak(ben)
        await ben.hears()


async def test_a_socket_that_goes_while_its_person_is_asked_about_leaves_nobody_behind(door: Driver) -> None:
    async with server() as (app, _):
        ana = await door.knock(app, "ana", ROOM)
        ana.client.drop()
        await ana.client.ended()
        assert running(app).connections.open == 0
        await eventually(lambda: not any(who.connected for room in app.rooms for who in room.participants))


async def test_a_room_that_ends_tells_everybody(door: Driver) -> None:
    async with server() as (app, _):
        ana, ben = await door.enter(app, "ana", ROOM), await door.enter(app, "ben", ROOM)
        await the_room(app, ROOM).end()
        assert [await ana.ended(), await ben.ended()] == ["room_ended", "room_ended"]
        for one in (ana, ben):
            await one.client.ended()
        assert app.room(ROOM) is None
        assert running(app).connections.open == 0


async def test_a_server_that_stops_tells_everybody_and_takes_nobody(door: Driver) -> None:
    async with server() as (app, _):
        ana = await door.enter(app, "ana", ROOM)
        await app.drain()
        assert await ana.ended() == "server_stopping"
        assert await refusal(door, app) == "server_stopping"
