"""The snapshot, and how people come and go."""

import asyncio
from collections.abc import Callable

from msgspec.structs import asdict

from tertulia.client import Client, Status
from tertulia.errors import Code
from tertulia.wire import native

from .door import Door
from .raw import Raw
from .server import SECRET, Server
from .support import WITHIN, Invite, ends, meets, next_of, refused


async def test_the_first_is_alone(invite: Invite, room: str) -> None:
    ana = await invite("Ana", metadata='{"avatar":1}')
    state = ana.room
    assert state.state == native.RoomState(
        name=room, locked=False, waiting_room=False, max_participants=100, spotlight=None
    )
    assert (state.you.name, state.you.metadata, state.you.connected) == ("Ana", '{"avatar":1}', True)
    assert state.participants == {}
    assert state.topology.peers == []


async def test_in_an_open_room_the_first_is_the_moderator(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    assert (ana.room.you.role, bo.room.you.role) == ("moderator", "speaker")
    assert "moderate" in ana.room.rights
    assert "moderate" not in bo.room.rights


async def test_a_newcomer_sees_everybody_and_what_they_publish(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo 王")
    camera = await bo.publish("camera", "video", width=1280, height=720)
    microphone = await bo.publish("microphone", "audio", muted=True)
    cy = await invite("Cy")
    assert set(cy.room.participants) == {ana.identity, bo.identity}
    assert cy.room.participants[bo.identity].name == "Bo 王"
    assert cy.room.participants[bo.identity].publications == [camera, microphone]
    assert cy.room.participants[ana.identity].publications == []


async def test_coming_and_going_is_told(invite: Invite, door: Door, server: Server, room: str) -> None:
    ana = await invite("Ana")
    events = ana.events(native.ParticipantJoined, native.ParticipantLeft)
    async with door.client(server.url, room=room, name="Bo") as bo:
        joined = await next_of(events, native.ParticipantJoined)
        assert asdict(joined.participant).items() <= asdict(bo.room.you).items()
    left = await next_of(events, native.ParticipantLeft)
    assert left.participant == bo.identity
    assert bo.error and bo.status is Status.ENDED
    await meets(ana)


async def test_leave_is_answered_by_bye(invite: Invite) -> None:
    ana = await invite("Ana")
    events = ana.events(native.Bye)
    await ana.leave()
    assert [event.code async for event in events] == [Code.LEFT]
    with refused(Code.LEFT):
        await ana.chat("still there?")


async def test_who_gives_up_before_the_reply_is_gone_at_once(invite: Invite, server: Server, room: str) -> None:
    ana = await invite("Ana")
    events = ana.events(native.ParticipantLeft)
    async with Raw(server.url) as raw:
        await raw.send({"type": "join", "id": 1, "room": room, "name": "Raw"})
        await raw.request("leave")
        assert (await raw.receive("bye"))["code"] == Code.LEFT
        assert (await next_of(events, native.ParticipantLeft)).reason == "left"
    await meets(ana)


async def test_rooms_know_nothing_of_each_other(invite: Invite, room: str) -> None:
    ana, bo = await invite("Ana"), await invite("Bo", room=f"{room}-2")
    with refused(Code.NO_SUCH_PARTICIPANT):
        await ana.chat("psst", to=bo.identity)
    assert ana.room.participants == {}


async def test_a_room_that_all_have_left_is_kept_for_a_while(invite: Invite) -> None:
    ana = await invite("Ana")
    await ana.waiting_room()
    await ana.leave()
    bo = await invite("Bo")
    assert bo.room.state.waiting_room
    assert bo.room.you.role == "moderator"


async def test_this_server_grants_no_wish_for_an_identity(invite: Invite) -> None:
    ana = await invite("Ana", identity="ana-1")
    assert ana.identity != "ana-1"


async def test_a_token_names_the_person(guarded: Server, token: Callable[..., str], invite: Invite, room: str) -> None:
    pass_for = token(room=room, identity="ana", name="Ana A.", role="moderator")
    ana = await invite("Somebody", url=guarded.url, token=pass_for, identity="eve")
    assert (ana.identity, ana.room.you.name, ana.room.you.role) == ("ana", "Ana A.", "moderator")


async def test_who_comes_again_by_token_replaces_the_old_one(
    guarded: Server, token: Callable[..., str], invite: Invite, room: str
) -> None:
    ana = await invite("Ana", url=guarded.url, token=token(room=room, identity="ana"))
    bo = await invite("Bo", url=guarded.url, token=token(room=room, identity="bo"))
    again = await invite("Ana", url=guarded.url, token=token(room=room, identity="ana"))
    await ends(ana, Code.REPLACED)
    await meets(bo, "ana")
    await meets(again, "bo")


async def test_tokens_that_do_not_open_the_door(
    guarded: Server, token: Callable[..., str], invite: Invite, room: str
) -> None:
    with refused(Code.TOKEN_REQUIRED):
        await invite(url=guarded.url)
    with refused(Code.TOKEN_INVALID):
        await invite(url=guarded.url, token=token(room=room)[:-4] + "AAAA")
    with refused(Code.TOKEN_EXPIRED):
        await invite(url=guarded.url, token=token(room=room, ttl=-60))
    with refused(Code.WRONG_ROOM):
        await invite(url=guarded.url, token=token(room="elsewhere"))
    for pattern in (f"{room}*", "*"):
        await invite(url=guarded.url, token=token(room=pattern))


async def test_a_token_can_grant_less_than_its_role(
    guarded: Server, token: Callable[..., str], invite: Invite, room: str
) -> None:
    few = token(room=room, can=["publish:microphone", "chat"])
    ana = await invite("Ana", url=guarded.url, token=few)
    assert ana.room.rights == {"publish:microphone", "chat"}
    await ana.publish("microphone", "audio")
    with refused(Code.NOT_ALLOWED):
        await ana.publish("camera", "video")


async def test_an_invitation_lets_others_in(
    guarded: Server, token: Callable[..., str], invite: Invite, room: str
) -> None:
    moderator = token(room=room, identity="ana", role="moderator")
    ana = await invite("Ana", url=guarded.url, token=moderator)
    invitation = await ana.invite()
    assert invitation.token
    assert invitation.expires
    bo = await invite("Bo", url=guarded.url, token=invitation.token)
    cy = await invite("Cy", url=guarded.url, token=invitation.token)
    assert bo.room.you.role == "speaker"
    assert len({person.identity for person in (ana, bo, cy)}) == 3
    vi = await invite("Vi", url=guarded.url, token=(await ana.invite("viewer")).token)
    assert vi.room.you.role == "viewer"
    with refused(Code.NOT_ALLOWED):
        await bo.invite()
    with refused(Code.WRONG_ROOM):
        await invite("Eve", url=guarded.url, room=f"{room}-2", token=invitation.token)


async def test_an_open_room_needs_no_invitation(invite: Invite) -> None:
    ana = await invite("Ana")
    assert (await ana.invite()).token is None


async def test_a_full_room(servers: Callable[..., Server], invite: Invite) -> None:
    small = servers("--max-room-size", "2")
    await invite(url=small.url)
    second = await invite(url=small.url)
    with refused(Code.ROOM_FULL):
        await invite(url=small.url)
    await second.leave()
    await invite(url=small.url)


async def test_no_more_rooms(servers: Callable[..., Server], invite: Invite, room: str) -> None:
    small = servers("--open", max_rooms=1)
    await invite(url=small.url)
    with refused(Code.TOO_MANY_ROOMS):
        await invite(url=small.url, room=f"{room}-2")


async def test_who_waits_is_admitted(invite: Invite, door: Door, server: Server, room: str) -> None:
    ana = await invite("Ana")
    await ana.waiting_room()
    bo = door.client(server.url, room=room, name="Bo")
    try:
        assert await bo.open() is Status.WAITING
        await ana.until(lambda c: [person.name for person in c.room.knocking.values()] == ["Bo"], WITHIN)
        assert ana.room.participants == {}
        (identity,) = ana.room.knocking
        await ana.admit(identity)
        await asyncio.wait_for(bo.admitted(), WITHIN)
        assert bo.identity == identity
        assert set(bo.room.participants) == {ana.identity}
        await meets(ana, identity)
        assert ana.room.knocking == {}
    finally:
        await bo.close()


async def test_who_waits_is_denied(invite: Invite, door: Door, server: Server, room: str) -> None:
    ana = await invite("Ana")
    await ana.waiting_room()
    bo = door.client(server.url, room=room, name="Bo")
    try:
        await bo.open()
        await ana.until(lambda c: len(c.room.knocking) == 1, WITHIN)
        await ana.deny(next(iter(ana.room.knocking)))
        with refused(Code.DENIED):
            await asyncio.wait_for(bo.admitted(), WITHIN)
        await ana.until(lambda c: not c.room.knocking, WITHIN)
    finally:
        await bo.close()


async def test_who_goes_away_from_the_door_is_no_longer_announced(
    invite: Invite, door: Door, server: Server, room: str
) -> None:
    ana = await invite("Ana")
    await ana.waiting_room()
    bo = door.client(server.url, room=room, name="Bo")
    await bo.open()
    await ana.until(lambda c: len(c.room.knocking) == 1, WITHIN)
    await bo.close()
    await ana.until(lambda c: not c.room.knocking, WITHIN)


async def test_only_who_may_admit_hears_of_who_waits(invite: Invite, door: Door, server: Server, room: str) -> None:
    ana, cy = await invite("Ana"), await invite("Cy")
    await ana.waiting_room()
    bo = door.client(server.url, room=room, name="Bo")
    try:
        await bo.open()
        await ana.until(lambda c: len(c.room.knocking) == 1, WITHIN)
        await ana.chat("after the knock")
        with refused(Code.NOT_ALLOWED):
            await cy.admit(next(iter(ana.room.knocking)))
        assert cy.room.knocking == {}
    finally:
        await bo.close()


async def test_a_moderator_by_token_does_not_wait(
    servers: Callable[..., Server], token: Callable[..., str], invite: Invite, room: str
) -> None:
    guarded = servers("--secret", SECRET)
    ana = await invite("Ana", url=guarded.url, token=token(room=room, identity="ana", role="moderator"))
    await ana.waiting_room()
    bo: Client = await invite("Bo", url=guarded.url, token=token(room=room, identity="bo", role="moderator"))
    assert bo.status is Status.JOINED
