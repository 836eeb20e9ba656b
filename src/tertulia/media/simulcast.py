"""Which simulcast streams of a section we take, in which order, and what we answer to them (RFC 8851, RFC 8853)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tertulia.media import extensions
from tertulia.media.sdp import Codec, Rid, Section, Simulcast

MAX_ENCODINGS: Final = 3
_RID_MAX: Final = 16
"""Characters that the one-byte form of a header extension carries (RFC 8285 section 4.2)."""
_FAMILIES: Final = (("q", "h", "f"), ("l", "m", "h"), ("0", "1", "2"))
"""RIDs in common use, the lowest quality first."""


def accepted(section: Section, codec: Codec) -> tuple[str, ...]:
    """RIDs of the streams that we take of a section in which the client sends, in its order; paused ones with their ~.

    None of them where the client offers no simulcast, or no header extension to tell its packets apart. Of alternatives the first one is
    taken that can be. A RID without an a=rid line of its own, or one that is not for `codec`, is passed over.
    """
    if section.kind != "video" or section.simulcast is None or not extensions.has_rid(section):
        return ()
    known = _sent(section.rids, codec.payload_type)
    taken: dict[str, str] = {}
    for alternatives in section.simulcast.send:
        for written in alternatives:
            rid = written.removeprefix("~")
            if rid in known and rid not in taken:
                taken[rid] = written
                break
    return tuple(taken.values())[:MAX_ENCODINGS]


def _sent(rids: Sequence[Rid], payload_type: int) -> frozenset[str]:
    """Those that the client may send with this payload type. An id that stands twice counts not at all (RFC 8851 section 6.2.2)."""
    ids = [rid.id for rid in rids]
    return frozenset(
        rid.id
        for rid in rids
        if rid.direction == "send" and len(rid.id) <= _RID_MAX and ids.count(rid.id) == 1 and rid.allows(payload_type)
    )


def lowest_first(written: Sequence[str]) -> tuple[str, ...]:
    """The RIDs of accepted streams by quality: that is their order, unless they are of a common family and written the other way round."""
    rids = tuple(rid.removeprefix("~") for rid in written)
    for family in _FAMILIES:
        if len(rids) > 1 and set(rids) <= set(family) and sorted(rids, key=family.index, reverse=True) == list(rids):
            return rids[::-1]
    return rids


def answered(section: Section, written: Sequence[str], offered: Section) -> Section:
    """The section of our answer, receiving these streams. A client may read which of them are active out of the answer: what it has paused
    stays paused."""
    by_id = {rid.id: rid for rid in offered.rids}
    rids = tuple(_received(by_id[rid.removeprefix("~")]) for rid in written)
    return replace(section, rids=rids, simulcast=Simulcast(recv=tuple((rid,) for rid in written)))


def _received(rid: Rid) -> Rid:
    """Restrictions stand as they were offered, but for payload types: of those only one is left in the section."""
    kept = [item for item in rid.restrictions.split(";") if item and item.partition("=")[0].strip() != "pt"]
    return Rid(rid.id, "recv", ";".join(kept))
