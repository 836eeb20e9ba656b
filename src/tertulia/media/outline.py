"""What an offer or an answer wants, for doors that must know it before they can publish (WHIP: one publication per sending section)."""

from dataclasses import dataclass

from tertulia.errors import Code
from tertulia.media.port import Kind
from tertulia.media.sdp_parse import parse


@dataclass(frozen=True, slots=True)
class OfferedSection:
    """A section with sound or picture, seen from the client."""

    mid: str
    kind: Kind
    sends: bool
    receives: bool


def outline(sdp: str, *, answer: bool = False) -> tuple[OfferedSection, ...]:
    """The audio and video sections in use. Raises ProtocolError with bad_offer (bad_answer for an answer) or too_many_sections."""
    return tuple(
        OfferedSection(
            section.mid,
            "audio" if section.kind == "audio" else "video",
            section.direction.sends,
            section.direction.receives,
        )
        for section in parse(sdp, Code.BAD_ANSWER if answer else Code.BAD_OFFER).sections
        if section.kind in ("audio", "video") and section.mid is not None and not section.refused
    )
