"""What a viewer's tile calls for, as the engine counts it: how important it is, and how many pixels it has use for."""

from dataclasses import dataclass
from typing import Final

from tertulia.media.port import Preference

BEST: Final = 2**32 - 1
"""More pixels than any picture has."""
_MEDIUM: Final = 320 * 240
_LEAST: Final = 1


@dataclass(frozen=True, slots=True)
class Wish:
    """What the engine is told of a slot; as it stands here where nothing was told."""

    priority: int = 0
    pixels: int = BEST
    detail: bool = False


def wish_of(preference: Preference) -> Wish:
    """A tile of unknown size may be large: it gets the best."""
    shown = min(preference.width * preference.height, BEST) or BEST
    match preference.layer:
        case "low":
            shown = _LEAST
        case "medium":
            shown = min(shown, _MEDIUM)
        case "high":
            shown = BEST
        case _:
            pass
    return Wish(preference.priority, shown, preference.detail)
