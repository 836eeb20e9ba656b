"""Whose picture comes before whose, for a viewer whose network does not carry all of them."""

from typing import Final

from tertulia.core.ids import ParticipantId
from tertulia.core.model import Preference, Publication, Source

SCREEN: Final = 3
PINNED: Final = 2
SPEAKER: Final = 1
OTHERS: Final = 0


def importance(publication: Publication, preference: Preference, speaker: ParticipantId | None) -> int:
    """`preference`: the viewer's; `speaker`: who was the loudest last."""
    if publication.source is Source.SCREEN:
        return SCREEN
    if preference.pinned:
        return PINNED
    return SPEAKER if publication.owner == speaker else OTHERS
