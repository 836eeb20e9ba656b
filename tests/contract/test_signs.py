"""Hands, reactions, the spotlight, and asking somebody to unmute."""

from collections.abc import Callable

from tertulia.errors import Code
from tertulia.wire import native

from .server import Server
from .support import WITHIN, Invite, meets, next_of, refused, settled


async def test_hands_are_in_the_order_in_which_they_were_raised(invite: Invite) -> None:
    ana, bo, cy = [await invite(name) for name in ("Ana", "Bo", "Cy")]
    await cy.raise_hand()
    await bo.raise_hand()
    assert 0 < cy.room.you.hand < bo.room.you.hand
    await settled(ana)
    hands = {person.name: person.hand for person in ana.room.participants.values()}
    assert hands == {"Bo": bo.room.you.hand, "Cy": cy.room.you.hand}
    dee = await invite("Dee")
    assert dee.room.participants[cy.identity].hand == cy.room.you.hand
    await cy.raise_hand(False)
    assert cy.room.you.hand == 0
    await ana.until(lambda c: c.room.participants[cy.identity].hand == 0, WITHIN)
    await cy.raise_hand()
    assert cy.room.you.hand > bo.room.you.hand, "to the end of the queue"


async def test_a_moderator_lowers_a_hand_and_raises_none(invite: Invite) -> None:
    ana, bo, cy = [await invite(name) for name in ("Ana", "Bo", "Cy")]
    await bo.raise_hand()
    with refused(Code.NOT_ALLOWED):
        await cy.lower_hand(bo.identity)
    await ana.lower_hand(bo.identity)
    await bo.until(lambda c: c.room.you.hand == 0, WITHIN)
    with refused(Code.NOT_ALLOWED):
        await ana.request(lambda n: native.Hand(id=n, raised=True, participant=bo.identity), native.Ok)
    with refused(Code.NO_SUCH_PARTICIPANT):
        await ana.lower_hand("nobody")


async def test_a_reaction_is_shown_to_everybody_and_kept_for_nobody(invite: Invite) -> None:
    people = [await invite(name) for name in ("Ana", "Bo", "Cy")]
    streams = [person.events(native.Reaction) for person in people]
    await people[1].react("👏🏽")
    for stream in streams:
        reaction = await stream.next(WITHIN)
        assert (reaction.participant, reaction.reaction) == (people[1].identity, "👏🏽")
    late = await invite("Dee")
    late_stream = late.events(native.Reaction)
    await settled(late)
    assert late_stream.waiting() == []


async def test_the_spotlight_is_part_of_the_room_and_ends_with_its_person(invite: Invite) -> None:
    ana, bo, cy = [await invite(name) for name in ("Ana", "Bo", "Cy")]
    with refused(Code.NOT_ALLOWED):
        await bo.set_spotlight(bo.identity)
    with refused(Code.NO_SUCH_PARTICIPANT):
        await ana.set_spotlight("nobody")
    await ana.set_spotlight(bo.identity)
    await cy.until(lambda c: c.room.state.spotlight == bo.identity, WITHIN)
    dee = await invite("Dee")
    assert dee.room.state.spotlight == bo.identity
    await ana.set_spotlight(None)
    await cy.until(lambda c: c.room.state.spotlight is None, WITHIN)
    await ana.set_spotlight(bo.identity)
    await bo.leave()
    await meets(cy, ana.identity, dee.identity)
    assert cy.room.state.spotlight is None


async def test_a_moderator_asks_and_only_the_one_who_is_asked_hears_it(invite: Invite) -> None:
    ana, bo, cy = [await invite(name) for name in ("Ana", "Bo", "Cy")]
    streams = [person.events(native.UnmuteAsked) for person in (ana, bo, cy)]
    await ana.ask_unmute(bo.identity, "microphone")
    asked = await next_of(streams[1], native.UnmuteAsked)
    assert (asked.by, asked.source) == (ana.identity, "microphone")
    await settled(ana, bo, cy)
    assert [stream.waiting() for stream in streams] == [[], [], []]
    with refused(Code.NOT_ALLOWED):
        await cy.ask_unmute(bo.identity, "microphone")
    with refused(Code.INVALID):
        await ana.ask_unmute(ana.identity, "microphone")
    with refused(Code.INVALID):
        await ana.ask_unmute(bo.identity, "screen")
    await ana.set_role(bo.identity, "viewer")
    with refused(Code.INVALID):
        await ana.ask_unmute(bo.identity, "camera")


async def test_coming_as_a_viewer(guarded: Server, token: Callable[..., str], invite: Invite, room: str) -> None:
    few = token(room=room, identity="ana", role="moderator", can=["publish:camera", "chat", "admit"])
    ana = await invite("Ana", url=guarded.url, token=few, role="viewer")
    assert ana.room.you.role == "viewer"
    assert ana.room.rights == {"chat"}
    bo = await invite("Bo", url=guarded.url, token=token(room=room), role="moderator")
    assert bo.room.you.role == "speaker"


async def test_in_an_open_room_a_viewer_is_not_the_first(invite: Invite) -> None:
    viewer = await invite("Vi", role="viewer")
    assert viewer.room.you.role == "viewer"
    with refused(Code.NOT_ALLOWED):
        await viewer.publish("camera", "video")
    await viewer.raise_hand()
    ana = await invite("Ana")
    assert ana.room.you.role == "moderator"
    await ana.leave()
    await meets(viewer)
    assert viewer.room.you.role == "viewer"
