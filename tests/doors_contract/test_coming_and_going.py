"""What holds at every door: size, lock, tokens, identities, bounds, removal, leaving and the end. One body, every door."""

import pytest

from tests.doors.harness import SECRET, eventually, server
from tests.doors.pages import the_room

from .by_http import Whep, Whip
from .people import Entrance, Refused
from .sockets import SOCKETS

ROOM = "den"
DOORS: list[Entrance] = [*SOCKETS, Whip(), Whep()]
every_door = pytest.mark.parametrize("door", DOORS, ids=lambda door: str(door.name))


async def refusal(door: Entrance, app: object, id: str = "late", room: str = ROOM, **given: str) -> str:
    with pytest.raises(Refused) as refused:
        await door.enter(app, id, room, **given)
    return refused.value.code


# --- getting in -----------------------------------------------------------------------------------------------------------------------


@every_door
async def test_a_full_room_has_no_place_until_somebody_goes(door: Entrance) -> None:
    async with server(max_room_size=2) as (app, _):
        ana = await door.enter(app, "ana", ROOM)
        await door.enter(app, "ben", ROOM)
        assert await refusal(door, app) == "room_full"
        await ana.leave()
        await eventually(lambda: len(the_room(app, ROOM).participants) == 1)
        await door.enter(app, "cora", ROOM)


async def test_people_of_all_doors_are_in_one_room_and_fill_it() -> None:
    async with server(max_room_size=len(DOORS)) as (app, _):
        for door in DOORS:
            await door.enter(app, door.name, ROOM)
        assert len(the_room(app, ROOM).participants) == len(DOORS)
        assert [await refusal(door, app) for door in DOORS] == ["room_full"] * len(DOORS)


@every_door
async def test_a_locked_room_lets_nobody_in(door: Entrance) -> None:
    async with server() as (app, _):
        await door.enter(app, "ana", ROOM)
        await the_room(app, ROOM).lock()
        assert await refusal(door, app) == "room_locked"
        await the_room(app, ROOM).lock(False)
        await door.enter(app, "ben", ROOM)


@every_door
async def test_there_are_only_so_many_rooms(door: Entrance) -> None:
    async with server(max_rooms=1) as (app, _):
        await door.enter(app, "ana", ROOM)
        assert await refusal(door, app, room="another") == "too_many_rooms"


@every_door
async def test_tokens_are_asked_for_and_checked(door: Entrance) -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        assert await refusal(door, app) == "token_required"
        assert await refusal(door, app, token=app.token(ROOM, ttl=-60)) == "token_expired"
        assert await refusal(door, app, token=app.token("another")) == "wrong_room"
        assert await refusal(door, app, token=app.token(ROOM)[:-4] + "AAAA") == "token_invalid"
        assert app.rooms == ()
        await door.enter(app, "ana", ROOM, token=app.token(ROOM))


@every_door
async def test_the_identity_of_a_token_replaces_itself(door: Entrance) -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        ana = await door.enter(app, "ana", ROOM, token=app.token(ROOM, identity="ana"))
        await door.enter(app, "ana", ROOM, token=app.token(ROOM, identity="ana", ttl=60))
        await ana.learns("replaced")
        assert [who.id for who in the_room(app, ROOM).participants] == ["ana"]


@every_door
async def test_those_of_one_address_are_counted_and_paid_back(door: Entrance) -> None:
    async with server(max_connections_per_address=1) as (app, _):
        ana = await door.enter(app, "ana", ROOM)
        assert await refusal(door, app) == "too_many_connections"
        await door.enter(app, "ben", ROOM, address="10.0.0.2")
        await ana.vanish()
        await door.enter(app, "cora", ROOM)
        assert await refusal(door, app) == "too_many_connections"


# --- being there, and the end -----------------------------------------------------------------------------------------------------------


@every_door
async def test_who_is_removed_is_gone(door: Entrance) -> None:
    async with server() as (app, media):
        ana, ben = await door.enter(app, "ana", ROOM), await door.enter(app, "ben", ROOM)
        first, second = (who.id for who in the_room(app, ROOM).participants)
        await the_room(app, ROOM).remove(first)
        await ana.learns("removed")
        assert [who.id for who in the_room(app, ROOM).participants] == [second]
        assert len(media.named("close")) == 1
        await ben.leave()


@every_door
async def test_who_leaves_is_gone_at_once(door: Entrance) -> None:
    async with server() as (app, media):
        ana = await door.enter(app, "ana", ROOM)
        await door.enter(app, "ben", ROOM)
        await ana.leave()
        await eventually(lambda: len(the_room(app, ROOM).participants) == 1)
        assert len(media.named("close")) == 1
        await door.enter(app, "ana", ROOM)
        assert len(the_room(app, ROOM).participants) == 2


@every_door
async def test_a_room_that_ends_puts_everybody_out(door: Entrance) -> None:
    async with server() as (app, _):
        ana, ben = await door.enter(app, "ana", ROOM), await door.enter(app, "ben", ROOM)
        await the_room(app, ROOM).end()
        for one in (ana, ben):
            await one.learns("room_ended")
        assert app.room(ROOM) is None


@every_door
async def test_a_server_that_stops_puts_everybody_out_and_takes_nobody(door: Entrance) -> None:
    async with server() as (app, _):
        ana = await door.enter(app, "ana", ROOM)
        await app.drain()
        await ana.learns("server_stopping")
        assert await refusal(door, app) == "server_stopping"
