"""What is published, muted and taken back, and who hears of it in which order."""

from collections.abc import Callable

from tertulia.errors import Code
from tertulia.wire import native

from .server import Server
from .support import Invite, next_of, refused, settled

OF_PUBLICATIONS = (native.PublicationAdded, native.PublicationUpdated, native.PublicationRemoved)


async def test_others_hear_in_the_order_of_what_was_done(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    events = bo.events(*OF_PUBLICATIONS)
    camera = await ana.publish("camera", "video", width=640, height=360)
    microphone = await ana.publish("microphone", "audio")
    await ana.mute(microphone.id)
    await ana.mute(microphone.id, False)
    await ana.unpublish(camera.id)
    await settled(bo)
    heard = [(type(event).__name__, getattr(event, "participant", None)) for event in events.waiting()]
    assert heard == [
        (name, ana.identity)
        for name in (
            "PublicationAdded",
            "PublicationAdded",
            "PublicationUpdated",
            "PublicationUpdated",
            "PublicationRemoved",
        )
    ]
    assert bo.room.participants[ana.identity].publications == [microphone]
    assert ana.room.you.publications == [microphone]
    assert (camera.source, camera.kind, camera.width, camera.height) == ("camera", "video", 640, 360)


async def test_the_owner_hears_of_a_mute_but_not_of_what_it_publishes_itself(invite: Invite) -> None:
    ana = await invite("Ana")
    events = ana.events(*OF_PUBLICATIONS)
    camera = await ana.publish("camera", "video")
    await ana.mute(camera.id)
    await ana.unpublish(camera.id)
    assert [type(event) for event in events.waiting()] == [native.PublicationUpdated]


async def test_the_same_mute_again_is_no_news(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    camera = await ana.publish("camera", "video")
    await settled(bo)
    events = bo.events(native.PublicationUpdated)
    await ana.mute(camera.id)
    await ana.mute(camera.id)
    await settled(bo)
    assert [event.publication.muted for event in events.waiting()] == [True]


async def test_each_source_once(invite: Invite) -> None:
    ana = await invite("Ana")
    first = await ana.publish("screen", "video")
    with refused(Code.ALREADY_PUBLISHED):
        await ana.publish("screen", "video")
    await ana.unpublish(first.id)
    assert (await ana.publish("screen", "video")).id != first.id


async def test_a_source_has_its_kind(invite: Invite) -> None:
    ana = await invite("Ana")
    with refused(Code.INVALID):
        await ana.publish("camera", "audio")
    with refused(Code.INVALID):
        await ana.publish("microphone", "video")


async def test_no_more_publications_than_the_limit(servers: Callable[..., Server], invite: Invite) -> None:
    ana = await invite("Ana", url=servers("--open", max_publications=2).url)
    assert ana.room.limits.publications == 2
    await ana.publish("camera", "video")
    await ana.publish("microphone", "audio")
    with refused(Code.TOO_MANY_PUBLICATIONS):
        await ana.publish("screen", "video")


async def test_what_is_not_there_or_not_ones_own(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    camera = await ana.publish("camera", "video")
    with refused(Code.NOT_ALLOWED):
        await bo.unpublish(camera.id)
    with refused(Code.NO_SUCH_PUBLICATION):
        await bo.unpublish("nonesuch")
    with refused(Code.NO_SUCH_PUBLICATION):
        await bo.mute("nonesuch")
    with refused(Code.NO_SUCH_PUBLICATION):
        await bo.subscribe("nonesuch")
    with refused(Code.NO_SUCH_PUBLICATION):
        await bo.prefer("nonesuch", visible=False)
    with refused(Code.NOT_ALLOWED):
        await bo.mute(camera.id)


async def test_subscribing_by_hand(invite: Invite) -> None:
    ana = await invite("Ana")
    bo = await invite("Bo", auto_subscribe=False)
    camera = await ana.publish("camera", "video")
    await settled(bo)
    await bo.subscribe(camera.id)
    await bo.subscribe(camera.id)
    await bo.prefer(camera.id, width=320, height=180, layer="low")
    await bo.prefer(camera.id, visible=False)
    await bo.unsubscribe(camera.id)
    await bo.unsubscribe(camera.id)


async def test_publications_go_with_who_leaves(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    await ana.publish("camera", "video")
    events = bo.events(*OF_PUBLICATIONS, native.ParticipantLeft)
    await ana.leave()
    await next_of(events, native.ParticipantLeft)
    assert bo.room.participants == {}
