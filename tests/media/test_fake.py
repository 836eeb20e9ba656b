import pytest

from tertulia.errors import Code, ProtocolError, TertuliaError, Unavailable
from tertulia.media.fake import FakeMedia
from tertulia.media.outline import OfferedSection, outline
from tertulia.media.port import (
    Bound,
    Connected,
    ConnectionId,
    Disconnected,
    Media,
    MediaEvent,
    PublicationKey,
    Speakers,
)
from tests.media.offers import sample

ANA, CAM = ConnectionId("ana"), PublicationKey("cam")


def test_it_keeps_the_port_and_records_calls() -> None:
    fake = FakeMedia()
    port: Media = fake
    assert port.answer(ANA, "room", 1, "sdp", {"0": CAM}) == "v=0 fake ana 1"
    port.subscribe(ANA, CAM, "video")
    port.forbid(CAM, True)
    assert fake.named("answer") == [(ANA, "room", 1, "sdp", {"0": CAM})]
    assert fake.subscriptions == {ANA: {CAM: "video"}} and fake.forbidden == {CAM}
    port.withdraw(CAM)
    port.close(ANA)
    assert not fake.subscriptions and not fake.forbidden


def test_it_keeps_the_rules_about_serials() -> None:
    fake = FakeMedia()
    for serial, error in ((0, ProtocolError), (2, Unavailable)):
        with pytest.raises(error):
            fake.answer(ANA, "room", serial, "", {})
    fake.answer(ANA, "room", 1, "", {})
    fake.answer(ANA, "room", 2, "", {})
    with pytest.raises(TertuliaError) as caught:
        fake.answer(ANA, "room", 2, "", {})
    assert caught.value.code is Code.STALE_OFFER
    fake.answer(ANA, "room", 1, "", {})


def test_its_offers_wait_for_one_answer() -> None:
    fake = FakeMedia()
    port: Media = fake
    with pytest.raises(TertuliaError) as caught:
        port.accept(ANA, "answer", {})
    assert caught.value.code is Code.WRONG_ORDER
    with pytest.raises(ProtocolError):
        port.offer(ANA, "room", audio=False, video=False)
    assert port.offer(ANA, "room", audio=True, video=True) == "v=0 fake offer ana audio video"
    assert fake.offered == {ANA: ("audio", "video")}
    port.accept(ANA, "answer", {"1": CAM})
    assert fake.publications == {ANA: {"1": CAM}} and not fake.offered
    assert port.answer(ANA, "room", 2, "sdp", {}) == "v=0 fake ana 2"
    port.offer(ANA, "room", audio=True, video=False)
    port.answer(ANA, "room", 1, "sdp", {})
    with pytest.raises(ProtocolError):
        port.accept(ANA, "answer", {})


def test_it_raises_the_events_that_a_test_asks_for() -> None:
    fake, heard = FakeMedia(), list[MediaEvent]()
    fake.listen(heard.append)
    fake.connect(ANA)
    fake.bind(ANA, "3", CAM)
    fake.speak("room", (CAM, 20))
    fake.disconnect(ANA)
    assert heard == [
        Connected(ANA),
        Bound(ANA, "3", CAM),
        Speakers("room", ((CAM, 20),)),
        Disconnected(ANA, "consent_expired"),
    ]


def test_it_refuses_once_when_told() -> None:
    fake = FakeMedia()
    fake.next_error = ProtocolError(Code.BAD_OFFER, "no")
    with pytest.raises(ProtocolError):
        fake.answer(ANA, "room", 1, "", {})
    fake.answer(ANA, "room", 1, "", {})


def test_the_outline_of_an_offer() -> None:
    assert outline(sample("ffmpeg_whip")) == (
        OfferedSection("0", "audio", True, False),
        OfferedSection("1", "video", True, False),
    )
    assert outline(sample("chromium_data")) == ()


def test_the_outline_of_an_answer_blames_the_answer() -> None:
    with pytest.raises(ProtocolError) as caught:
        outline("v=1", answer=True)
    assert caught.value.code is Code.BAD_ANSWER
    with pytest.raises(ProtocolError) as caught:
        outline("v=1")
    assert caught.value.code is Code.BAD_OFFER
