"""A session description as values: what an offer says, and what an answer will say (RFC 8866, RFC 9429).

Parsed by `sdp_parse`, written by `sdp_write`. Only what WebRTC media needs is kept; lines that mean nothing to an SFU are left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    """Who sends in a section, seen from the description's author (RFC 8866 section 6.7)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def sends(self) -> bool:
        return self in (Direction.SENDRECV, Direction.SENDONLY)

    @property
    def receives(self) -> bool:
        return self in (Direction.SENDRECV, Direction.RECVONLY)

    @staticmethod
    def of(*, sends: bool, receives: bool) -> "Direction":
        if sends:
            return Direction.SENDRECV if receives else Direction.SENDONLY
        return Direction.RECVONLY if receives else Direction.INACTIVE


class Setup(StrEnum):
    """Who starts DTLS (RFC 8842 section 5)."""

    ACTPASS = "actpass"
    ACTIVE = "active"
    PASSIVE = "passive"


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload type of a section (RFC 8866 section 6.6)."""

    payload_type: int
    name: str
    clock_rate: int
    """Ticks of the RTP timestamp a second."""
    channels: int | None = None
    parameters: str = ""
    """The format parameters as written after `a=fmtp:<payload type> `."""
    feedback: tuple[str, ...] = ()
    """RTCP feedback (RFC 4585 section 4.2), such as "nack pli"; a wildcard in the text is spread over the codecs."""
    rtx: int | None = None
    """The payload type of this codec's retransmissions in the same section (RFC 4588 section 8.1)."""
    red: int | None = None
    """The payload type of sound that repeats frames of this codec (RFC 2198), in the same section."""

    @property
    def is_rtx(self) -> bool:
        return self.name.lower() == "rtx"

    @property
    def is_red(self) -> bool:
        return self.name.lower() == "red"

    def parameter(self, key: str, default: str = "") -> str:
        """One `key=value` of the format parameters; keys are compared without case."""
        for item in self.parameters.split(";"):
            name, _, value = item.partition("=")
            if name.strip().lower() == key:
                return value.strip()
        return default


@dataclass(frozen=True, slots=True)
class Extension:
    """An RTP header extension (RFC 8285 section 5). `direction` narrows who may send it, seen from the author."""

    id: int
    uri: str
    direction: Direction = Direction.SENDRECV


@dataclass(frozen=True, slots=True)
class SsrcGroup:
    """SSRCs that belong together (RFC 5576 section 4.2): FID is a stream and its retransmissions, SIM simulcast."""

    semantics: str
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rid:
    """An RTP stream of a section by its name (RFC 8851 section 4)."""

    id: str
    direction: str
    """send or recv, seen from the author."""
    restrictions: str = ""
    """As written after the direction, such as "pt=96;max-width=1280"."""

    def allows(self, payload_type: int) -> bool:
        """Whether the stream may have this payload type: any, where no `pt=` names some."""
        for restriction in self.restrictions.split(";"):
            name, _, value = restriction.partition("=")
            if name.strip() == "pt":
                return str(payload_type) in [item.strip() for item in value.split(",")]
        return True


@dataclass(frozen=True, slots=True)
class Simulcast:
    """The simulcast streams of a section (RFC 8853 section 5.1), seen from the author.

    Each is the RIDs of its alternatives, the preferred one first; one that begins with ~ is paused at first.
    """

    send: tuple[tuple[str, ...], ...] = ()
    recv: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Transport:
    """ICE and DTLS of a section, or of the session for all sections without their own."""

    ufrag: str = ""
    pwd: str = ""
    fingerprint: str = ""
    """"sha-256 AB:CD:…" (RFC 8122 section 5); other hash functions are left out."""
    setup: Setup | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A media section: one m= line and what belongs to it."""

    kind: str
    """audio, video, application, or any other media type."""
    port: int
    protocol: str
    formats: tuple[str, ...]
    """The formats of the m= line: payload types, or "webrtc-datachannel"."""
    mid: str | None = None
    direction: Direction = Direction.SENDRECV
    transport: Transport = Transport()
    bundle_only: bool = False
    rtcp_mux: bool = False
    rtcp_rsize: bool = False
    codecs: tuple[Codec, ...] = ()
    """Those with a known encoding, in the author's order of preference, RTX included."""
    extensions: tuple[Extension, ...] = ()
    mixed: bool = False
    """Header extensions may come in the two-byte form beside the other (RFC 8285 section 6)."""
    msid: tuple[str, str] | None = None
    """Stream and track (RFC 8830)."""
    ssrc_groups: tuple[SsrcGroup, ...] = ()
    ssrcs: tuple[int, ...] = ()
    """In the order of first mention."""
    cname: str | None = None
    rids: tuple[Rid, ...] = ()
    simulcast: Simulcast | None = None
    sctp_port: int | None = None
    max_message_size: int | None = None
    """Bytes (RFC 8841 section 6)."""
    candidates: tuple[str, ...] = ()
    """Values of a=candidate, for writing only: with an ICE-lite server the client's are not needed."""

    @property
    def refused(self) -> bool:
        """Port 0 refuses a section, but not together with bundle-only (RFC 9143 section 6)."""
        return self.port == 0 and not self.bundle_only

    def codec(self, payload_type: int) -> Codec | None:
        return next((codec for codec in self.codecs if codec.payload_type == payload_type), None)

    def group(self, semantics: str) -> SsrcGroup | None:
        """The first SSRC group with this meaning."""
        return next((group for group in self.ssrc_groups if group.semantics == semantics), None)


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """An offer or an answer."""

    sections: tuple[Section, ...]
    bundle: tuple[str, ...] = ()
    """The mids of the first BUNDLE group (RFC 9143)."""
    ice_lite: bool = False
    session_id: int = 0
    version: int = 0

    def bundled(self) -> Iterator[Section]:
        """The sections in the BUNDLE group, in the group's order."""
        by_mid = {section.mid: section for section in self.sections}
        return (by_mid[mid] for mid in self.bundle if mid in by_mid)
