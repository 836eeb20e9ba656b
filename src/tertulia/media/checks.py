"""What makes a client's description unusable, whatever its sections are for. Every check raises ProtocolError."""

from collections.abc import Mapping, Sequence

from tertulia.errors import Code, ProtocolError
from tertulia.media.port import Kind, PublicationKey
from tertulia.media.sdp import SessionDescription, Setup
from tertulia.media.sections import KeptSection, PlannedSection


def check_order(offer: SessionDescription, kept: Sequence[KeptSection]) -> None:
    """An offer keeps the m= lines of the last one and adds at the end (RFC 9429 section 5.2.2)."""
    if len(offer.sections) < len(kept):
        raise ProtocolError(Code.BAD_OFFER, "the offer has fewer sections than the one before")
    for index, (old, new) in enumerate(zip(kept, offer.sections, strict=False)):
        recycled = not old.accepted
        if not recycled and (new.mid, new.kind) != (old.mid, old.kind):
            message = f"section {index} was {old.mid!r} ({old.kind}) in the offer before"
            raise ProtocolError(Code.BAD_OFFER, message)


def check_reply(answer: SessionDescription, proposed: Sequence[PlannedSection]) -> None:
    """An answer has the offer's m= lines, and decides who starts DTLS (RFC 9429 section 5.3.1, RFC 8842 section 5.3)."""
    if len(answer.sections) != len(proposed):
        message = f"the answer has {len(answer.sections)} sections, and the offer {len(proposed)}"
        raise ProtocolError(Code.BAD_ANSWER, message)
    for index, (ours, theirs) in enumerate(zip(proposed, answer.sections, strict=True)):
        if (theirs.mid, theirs.kind) != (ours.offered.mid, ours.offered.kind):
            message = f"section {index} is {ours.offered.mid!r} ({ours.offered.kind}) in the offer"
            raise ProtocolError(Code.BAD_ANSWER, message)
        if not theirs.refused and theirs.transport.setup not in (Setup.ACTIVE, Setup.PASSIVE):
            raise ProtocolError(Code.BAD_ANSWER, f"section {theirs.mid!r} lacks setup:active or setup:passive")


def check_publications(
    description: SessionDescription,
    publications: Mapping[str, PublicationKey],
    kinds: Mapping[PublicationKey, Kind],
    code: Code,
) -> None:
    """Raises `code`, or invalid where a publication stands in a section of the other kind."""
    sending = {
        section.mid: section.kind
        for section in description.sections
        if section.direction.sends and not section.refused and section.kind in ("audio", "video")
    }
    for mid, publication in publications.items():
        if mid not in sending:
            message = f"publications name the section {mid!r}, which does not send sound or picture"
            raise ProtocolError(code, message)
        if kinds.get(publication, sending[mid]) != sending[mid]:
            message = f"{publication} was announced as {kinds[publication]}, and section {mid!r} is {sending[mid]}"
            raise ProtocolError(Code.INVALID, message)
    if len(set(publications.values())) != len(publications):
        raise ProtocolError(code, "a publication stands in two sections")


def check_bundle(description: SessionDescription, code: Code) -> None:
    """One transport for all: BUNDLE is required as soon as there are two sections (RFC 9143)."""
    live = [section for section in description.sections if not section.refused]
    if not live:
        raise ProtocolError(code, f"the {'answer' if code is Code.BAD_ANSWER else 'offer'} has no section in use")
    for section in live:
        if section.mid is None:
            raise ProtocolError(code, f"section {description.sections.index(section)} has no mid")
        if section.mid not in description.bundle and (len(live) > 1 or description.bundle):
            raise ProtocolError(code, f"section {section.mid!r} is not in the BUNDLE group")
