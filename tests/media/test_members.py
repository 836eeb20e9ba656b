"""Whose connections they are, as the engine is told."""

from tertulia.media.port import ConnectionId
from tests.media.offers import data, offer
from tests.media.stage import Stage

ANA = ConnectionId("ana-1")
OFFER = offer(data())


async def test_the_engine_is_told_when_there_is_a_transport_and_again_with_each(stage: Stage) -> None:
    stage.media.member(ANA, "ana", True)
    assert stage.engine.named("member") == []
    stage.answer(ANA, 1, OFFER)
    first, _ = stage.engine.named("open")[0]
    assert stage.engine.named("member") == [(first, "ana", True)]
    stage.engine.take()
    stage.answer(ANA, 1, OFFER)
    second, _ = stage.engine.named("open")[0]
    assert second != first
    assert stage.engine.named("member") == [(second, "ana", True)]


async def test_a_right_that_changes_is_told_once(stage: Stage) -> None:
    stage.answer(ANA, 1, OFFER)
    number, _ = stage.engine.named("open")[0]
    for sends in (True, True, False):
        stage.media.member(ANA, "ana", sends)
    assert stage.engine.named("member") == [(number, "ana", True), (number, "ana", False)]


async def test_who_is_closed_is_forgotten(stage: Stage) -> None:
    stage.media.member(ANA, "ana", True)
    stage.answer(ANA, 1, OFFER)
    stage.media.close(ANA)
    stage.engine.take()
    stage.answer(ANA, 1, OFFER)
    assert stage.engine.named("member") == []
