"""What the two sides agree upon in a section: what an answer left of our offer, and what our stream in it may use."""

from dataclasses import replace

from tertulia.errors import Code, ProtocolError
from tertulia.media import extensions
from tertulia.media.codecs import CodecKey, forwardable, key_of, payloads
from tertulia.media.sdp import Codec, Extension, Section
from tertulia.media.sections import Slot


def agreed(answered: Section, proposed: Section) -> Section:
    """An answered section without what our offer does not have in it. Raises ProtocolError with bad_answer where no codec is left.

    Codecs stand in our order: an answerer sends the first of the offer that it can. What the answer numbers in a way of its own is left
    out as well, since an answer keeps the offer's numbers (RFC 9429 section 5.3.1), and so is simulcast, which our offers do not ask for.
    """
    if answered.refused:
        return answered
    codecs = [kept for codec in proposed.codecs if (kept := _kept(codec, answered)) is not None]
    known = {(extension.id, extension.uri) for extension in proposed.extensions}
    used = tuple(extension for extension in answered.extensions if (extension.id, extension.uri) in known)
    section = replace(answered, codecs=tuple(codecs), extensions=used, rids=(), simulcast=None)
    if answered.protocol != proposed.protocol or not forwardable(section):
        raise ProtocolError(Code.BAD_ANSWER, f"section {answered.mid!r} keeps no codec of the offer")
    return section


def _kept(proposed: Codec, answered: Section) -> Codec | None:
    codec = answered.codec(proposed.payload_type)
    if codec is None or _meaning(codec, answered.kind) != _meaning(proposed, answered.kind):
        return None
    return replace(
        codec,
        rtx=proposed.rtx if codec.rtx == proposed.rtx else None,
        red=proposed.red if codec.red == proposed.red else None,
    )


def _meaning(codec: Codec, kind: str) -> tuple[CodecKey | None, bool, bool]:
    return key_of(codec, kind), codec.is_rtx, codec.is_red


def agreed_slot(proposed: Slot | None, answered: Section) -> Slot | None:
    """What the client kept of a slot in our offer. None where it does not receive: nothing was sent under its SSRCs yet."""
    if proposed is None or not answered.direction.receives:
        return None
    used, transport_cc = used_by_slot(answered)
    return replace(proposed, transport_cc=transport_cc, extensions=used, payloads=payloads(answered))


def used_by_slot(section: Section) -> tuple[tuple[Extension, ...], bool]:
    """Header extensions of what we send in a section, and whether the client acknowledges it for the whole transport."""
    used = extensions.accepted(section, client_sends=False, client_receives=True)
    feedback = {item for codec in section.codecs for item in codec.feedback}
    return used, extensions.TRANSPORT_CC in extensions.ids(used) and "transport-cc" in feedback
