"""What an offer wants, for doors that must know it before they can publish (WHIP: one publication per sending section)."""

from dataclasses import dataclass

from tertulia.media.port import Kind
from tertulia.media.sdp_parse import parse


@dataclass(frozen=True, slots=True)
class OfferedSection:
    """A section with sound or picture, seen from the client."""

    mid: str
    kind: Kind
    sends: bool
    receives: bool


def outline(sdp: str) -> tuple[OfferedSection, ...]:
    """The offer's audio and video sections in use. Raises ProtocolError with bad_offer or too_many_sections."""
    return tuple(
        OfferedSection(
            section.mid,
            "audio" if section.kind == "audio" else "video",
            section.direction.sends,
            section.direction.receives,
        )
        for section in parse(sdp).sections
        if section.kind in ("audio", "video") and section.mid is not None and not section.refused
    )
