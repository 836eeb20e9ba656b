"""Writes a connection's sections as the answer to a client's offer, or as an offer of ours (RFC 9429 sections 5.2 and 5.3).

One list of sections serves both; who starts DTLS stands in the local transport.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from tertulia.media import extensions, simulcast
from tertulia.media.sdp import Codec, Direction, Section, SessionDescription, SsrcGroup, Transport
from tertulia.media.sections import PlannedSection, Slot

_MAX_MESSAGE: Final = 262_144
"""Bytes of a data-channel message that we take."""
_SCTP_PORT: Final = 5000
_VIDEO_FEEDBACK: Final = ("nack", "nack pli", "ccm fir")


def answer(
    planned: Sequence[PlannedSection],
    local: Transport,
    candidates: Sequence[str],
    *,
    bundled: bool,
    session_id: int,
    version: int,
) -> SessionDescription:
    """ICE-lite, with the candidates in the first section that carries the transport."""
    sections = (
        _accepted(plan, receives=plan.source is not None) if plan.accepted else _refused(plan.offered)
        for plan in planned
    )
    described, bundle = _on_one_transport(sections, local, candidates)
    return SessionDescription(described, bundle if bundled else (), True, session_id, version)


def offer(
    planned: Sequence[PlannedSection], local: Transport, candidates: Sequence[str], *, session_id: int, version: int
) -> SessionDescription:
    """ICE-lite, and every section both ways: what comes of that, the client's answer decides."""
    sections = (_accepted(plan, receives=True) for plan in planned)
    described, bundle = _on_one_transport(sections, local, candidates)
    return SessionDescription(described, bundle, True, session_id, version)


def _on_one_transport(
    sections: Iterable[Section], local: Transport, candidates: Sequence[str]
) -> tuple[tuple[Section, ...], tuple[str, ...]]:
    """The sections with our transport in those that are in use, and the mids of these."""
    described: list[Section] = []
    bundle: list[str] = []
    for section in sections:
        if section.refused:
            described.append(section)
            continue
        described.append(replace(section, transport=local, candidates=() if bundle else tuple(candidates)))
        bundle.append(section.mid or "")
    return tuple(described), tuple(bundle)


def _refused(offered: Section) -> Section:
    """Port 0, but with the encodings of its payload types: pion rejects an answer without them."""
    return Section(
        kind=offered.kind,
        port=0,
        protocol=offered.protocol,
        formats=offered.formats,
        mid=offered.mid,
        direction=Direction.INACTIVE,
        codecs=tuple(replace(codec, parameters="", feedback=()) for codec in offered.codecs),
    )


def _accepted(plan: PlannedSection, *, receives: bool) -> Section:
    """`receives`: we take what the client sends in it."""
    offered = plan.offered
    section = Section(kind=offered.kind, port=9, protocol=offered.protocol, formats=offered.formats, mid=offered.mid)
    if offered.kind == "application":
        return replace(section, sctp_port=_SCTP_PORT, max_message_size=_MAX_MESSAGE)
    transport_cc = extensions.TRANSPORT_CC in extensions.ids(plan.extensions)
    section = replace(
        section,
        direction=Direction.of(sends=plan.to_client, receives=receives),
        rtcp_mux=True,
        rtcp_rsize=offered.rtcp_rsize,
        codecs=tuple(_codecs(plan, transport_cc=transport_cc)),
        extensions=plan.extensions,
        mixed=offered.mixed and bool(plan.extensions),
    )
    if plan.streams:
        section = simulcast.answered(section, plan.streams, offered)
    if plan.slot is not None and plan.to_client:
        section = _sending(section, plan.slot)
    return section


def _codecs(plan: PlannedSection, *, transport_cc: bool) -> list[Codec]:
    """Each codec with its retransmissions after it, as browsers write them. Redundancy goes before: only then do they send it."""
    # A client's own estimate (draft-alvestrand-rmcat-remb-03) is the next best thing.
    allowed = {"transport-cc"} if transport_cc else {"goog-remb"}
    if plan.offered.kind == "video":
        allowed.update(_VIDEO_FEEDBACK)
    codecs: list[Codec] = []
    for codec in plan.codecs:
        redundancy = plan.offered.codec(codec.red) if codec.red is not None else None
        if redundancy is not None:
            codecs.append(replace(redundancy, feedback=()))
        codecs.append(replace(codec, feedback=tuple(item for item in codec.feedback if item in allowed)))
        repair = plan.offered.codec(codec.rtx) if codec.rtx is not None else None
        if repair is not None:
            codecs.append(repair)
    return codecs


def _sending(section: Section, slot: Slot) -> Section:
    """The SSRCs of what we send. The engine's CNAME for a slot is the same, `slot-<id>`."""
    name = f"slot-{slot.id}"
    repaired = any(payload.rtx_payload_type is not None for payload in slot.payloads)
    return replace(
        section,
        msid=(slot.stream, name),
        cname=name,
        ssrc_groups=(SsrcGroup("FID", (slot.ssrc, slot.rtx_ssrc)),) if repaired else (),
        ssrcs=(slot.ssrc, slot.rtx_ssrc) if repaired else (slot.ssrc,),
    )
