"""What moderators can do, and others can't."""

from tertulia.client import Status
from tertulia.errors import Code
from tertulia.wire import native

from .support import WITHIN, Invite, ends, meets, next_of, refused


async def test_a_locked_room(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    await ana.lock()
    await bo.until(lambda c: c.room.state.locked, WITHIN)
    with refused(Code.ROOM_LOCKED):
        await invite("Cy")
    await ana.lock(False)
    await bo.until(lambda c: not c.room.state.locked, WITHIN)
    await invite("Cy")


async def test_a_removed_person_is_out(invite: Invite) -> None:
    ana, bo, cy = [await invite(name) for name in ("Ana", "Bo", "Cy")]
    gone = cy.events(native.ParticipantLeft)
    await ana.remove(bo.identity, "off topic")
    await ends(bo, Code.REMOVED)
    assert (await next_of(gone, native.ParticipantLeft)).participant == bo.identity
    await meets(ana, cy.identity)
    with refused(Code.NO_SUCH_PARTICIPANT):
        await ana.remove(bo.identity)


async def test_a_role_brings_its_rights_and_takes_what_they_allowed(invite: Invite) -> None:
    ana, bo, cy = [await invite(name) for name in ("Ana", "Bo", "Cy")]
    camera = await bo.publish("camera", "video")
    events = cy.events(native.PublicationRemoved, native.ParticipantUpdated)
    await ana.set_role(bo.identity, "viewer")
    await bo.until(lambda c: c.room.you.role == "viewer", WITHIN)
    assert "publish:camera" not in bo.room.rights
    assert (await next_of(events, native.PublicationRemoved)).publication == camera.id
    await cy.until(lambda c: c.room.participants[bo.identity].role == "viewer", WITHIN)
    with refused(Code.NOT_ALLOWED):
        await bo.publish("camera", "video")
    await ana.set_role(bo.identity, "moderator")
    await bo.until(lambda c: "moderate" in c.room.rights, WITHIN)
    await bo.lock()
    # Its owner knows that the publication is gone.
    assert bo.room.you.publications == []


async def test_muting_somebody_else(invite: Invite) -> None:
    ana, bo, cy = [await invite(name) for name in ("Ana", "Bo", "Cy")]
    microphone = await bo.publish("microphone", "audio")
    streams = [person.events(native.PublicationUpdated) for person in (ana, bo, cy)]
    await ana.mute(microphone.id)
    heard = [await stream.next(WITHIN) for stream in streams]
    assert [(event.participant, event.publication.muted, event.by) for event in heard] == [
        (bo.identity, True, ana.identity)
    ] * 3
    with refused(Code.NOT_ALLOWED):
        await ana.mute(microphone.id, False)
    await bo.mute(microphone.id, False)
    assert [(await stream.next(WITHIN)).by for stream in streams] == [None] * 3


async def test_who_is_no_moderator(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    for attempt in (
        bo.lock(),
        bo.waiting_room(),
        bo.remove(ana.identity),
        bo.set_role(bo.identity, "moderator"),
        bo.end(),
        bo.deny("somebody"),
    ):
        with refused(Code.NOT_ALLOWED):
            await attempt
    assert bo.status is Status.JOINED


async def test_nobody_of_that_name(invite: Invite) -> None:
    ana = await invite("Ana")
    for attempt in (ana.admit("nobody"), ana.deny("nobody"), ana.set_role("nobody", "viewer"), ana.remove("nobody")):
        with refused(Code.NO_SUCH_PARTICIPANT):
            await attempt


async def test_the_end_is_for_all(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    await ana.end()
    for person in (ana, bo):
        await ends(person, Code.ROOM_ENDED)
    again = await invite("Ana")
    assert again.room.participants == {}
