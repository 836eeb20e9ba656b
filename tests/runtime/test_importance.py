import pytest

from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import Preference, Publication, Source
from tertulia.core.permissions import kind_of
from tertulia.runtime.importance import OTHERS, PINNED, SCREEN, SPEAKER, importance

ANA, BEN = ParticipantId("ana"), ParticipantId("ben")


@pytest.mark.parametrize(
    ("source", "pinned", "speaker", "expected"),
    [
        (Source.CAMERA, False, None, OTHERS),
        (Source.CAMERA, False, BEN, OTHERS),
        (Source.CAMERA, False, ANA, SPEAKER),
        (Source.CAMERA, True, ANA, PINNED),
        (Source.CAMERA, True, None, PINNED),
        (Source.SCREEN, False, None, SCREEN),
        (Source.SCREEN, True, ANA, SCREEN),
    ],
)
def test_what_comes_first(source: Source, pinned: bool, speaker: ParticipantId | None, expected: int) -> None:
    track = Publication(PublicationId("it"), ANA, source, kind_of(source))
    assert importance(track, Preference(pinned=pinned), speaker) == expected
