"""What an offer of ours has in a section: every codec that the server forwards, and the header extensions that the engine knows.

The numbers are ours to choose; they are those that Chromium uses, so that clients which take them for granted are right.
"""

from typing import Final

from tertulia.media import extensions
from tertulia.media.port import Kind
from tertulia.media.sdp import Codec, Section

_FEEDBACK: Final = ("transport-cc", "ccm fir", "nack", "nack pli")
_PROTOCOL: Final = "UDP/TLS/RTP/SAVPF"

_VIDEO: Final = (
    (96, "VP8", ""),
    (98, "VP9", "profile-id=0"),
    # Constrained baseline is what every client with H.264 has; the others let it receive what others publish.
    (108, "H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"),
    (114, "H264", "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f"),
    (116, "H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f"),
    (118, "H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f"),
    (45, "AV1", "level-idx=5;profile=0;tier=0"),
)
"""Payload type, name and format parameters; the payload type of a codec's retransmissions is one above its own."""


def _video() -> tuple[Codec, ...]:
    codecs: list[Codec] = []
    for payload_type, name, parameters in _VIDEO:
        codecs.append(Codec(payload_type, name, 90000, None, parameters, _FEEDBACK, rtx=payload_type + 1))
        codecs.append(Codec(payload_type + 1, "rtx", 90000, None, f"apt={payload_type}"))
    return tuple(codecs)


_CODECS: Final[dict[Kind, tuple[Codec, ...]]] = {
    "audio": (
        Codec(63, "red", 48000, 2, "111/111"),
        Codec(111, "opus", 48000, 2, "minptime=10", ("transport-cc",), red=63),
    ),
    "video": _video(),
}


def section(kind: Kind, mid: str) -> Section:
    """A section both ways, without a transport."""
    return Section(
        kind=kind,
        port=9,
        protocol=_PROTOCOL,
        formats=tuple(str(codec.payload_type) for codec in _CODECS[kind]),
        mid=mid,
        rtcp_mux=True,
        rtcp_rsize=True,
        codecs=_CODECS[kind],
        extensions=extensions.offered(kind),
    )
