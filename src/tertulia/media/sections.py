"""What stands in a connection's sections on our side: a source, a slot, or both."""

from dataclasses import dataclass

from tertulia.media.codecs import CodecKey, Payload
from tertulia.media.port import Kind, PublicationKey
from tertulia.media.sdp import Codec, Extension, Section


@dataclass(frozen=True, slots=True)
class Encoding:
    """One RTP stream of a source, and that of its retransmissions. SSRCs are None where the offer does not tell them."""

    rid: str | None = None
    """Its name, where there are several (RFC 8851)."""
    ssrc: int | None = None
    rtx_ssrc: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A publication as a client sends it to us."""

    id: int
    publication: PublicationKey
    kind: Kind
    key: CodecKey
    mid: str
    clock_rate: int
    payload_type: int
    rtx_payload_type: int | None
    nack: bool
    extensions: tuple[Extension, ...]
    encodings: tuple[Encoding, ...]
    """One to three, the lowest quality first."""
    red_payload_type: int | None = None
    """Of sound that repeats earlier frames."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in which a client receives; what is in it changes without SDP."""

    id: int
    kind: Kind
    mid: str
    ssrc: int
    rtx_ssrc: int
    stream: str
    """Its MediaStream: shared by one slot for sound and one for pictures, so that a browser keeps the two in step (lip-sync)."""
    transport_cc: bool
    extensions: tuple[Extension, ...]
    payloads: tuple[Payload, ...]
    """What the client can decode in it, and by which payload types."""


@dataclass(frozen=True, slots=True)
class PlannedSection:
    """A section and what becomes of it."""

    offered: Section
    """As the client offered or answered it; in an offer of ours as we propose it."""
    accepted: bool
    codecs: tuple[Codec, ...] = ()
    """The codecs that we write, or wrote, without RTX and redundancy."""
    extensions: tuple[Extension, ...] = ()
    streams: tuple[str, ...] = ()
    """RIDs of the simulcast streams that we take, as the client wrote them."""
    source: Source | None = None
    slot: Slot | None = None
    """Kept while the section is inactive; see `to_client`."""
    to_client: bool = False
    """We send in this section."""


@dataclass(frozen=True, slots=True)
class KeptSection:
    """What the next offer is held against.

    The section itself is not kept: it would be a third of what Python holds for a connection.
    """

    mid: str | None
    kind: str
    accepted: bool
    source: Source | None
    slot: Slot | None
    to_client: bool
    codecs: tuple[Codec, ...] = ()
    """What the client may change to without a word, where it sends and has more than one."""

    @classmethod
    def of(cls, planned: PlannedSection) -> "KeptSection":
        offered = planned.offered
        codecs = planned.codecs if planned.source is not None and len(planned.codecs) > 1 else ()
        return cls(offered.mid, offered.kind, planned.accepted, planned.source, planned.slot, planned.to_client, codecs)
