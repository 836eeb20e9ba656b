"""The RTP header extensions that the engine understands, by the names it has for them."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from tertulia.media.port import Kind
from tertulia.media.sdp import Codec, Extension, Section

TRANSPORT_CC: Final = "transport_cc"
DEPENDENCY_DESCRIPTOR: Final = "dependency_descriptor"
_SEND_TIME: Final = "abs_send_time"
_RID: Final = "rid"
_REPAIRED_RID: Final = "repaired_rid"
_MAX_ID: Final = 14
"""The one-byte form, which every client reads, has no higher ids (RFC 8285 section 4.2)."""
_MAX_MIXED_ID: Final = 255
"""The two-byte form, which may stand beside it where both sides say so (sections 4.3 and 6)."""

_URIS: Final = {
    "urn:ietf:params:rtp-hdrext:sdes:mid": "mid",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01": TRANSPORT_CC,
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time": _SEND_TIME,
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level": "audio_level",
    "urn:3gpp:video-orientation": "video_orientation",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id": _RID,
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id": _REPAIRED_RID,
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension": DEPENDENCY_DESCRIPTOR,
}
_OFFERED: Final[dict[Kind, dict[str, int]]] = {
    "audio": {"audio_level": 1, TRANSPORT_CC: 3, "mid": 4},
    "video": {"video_orientation": 13, TRANSPORT_CC: 3, "mid": 4},
}
"""Ids in an offer of ours. A name has one id in all sections: they share a transport (RFC 9143)."""
_SAME: Final = {uri: uri for uri in _URIS}
"""One string for all connections, rather than a part of each offer."""


def accepted(
    section: Section,
    *,
    client_sends: bool,
    client_receives: bool,
    simulcast: bool = False,
    sent: Codec | None = None,
) -> tuple[Extension, ...]:
    """The offered extensions that we use in a section, as the answer repeats them; those that name streams only with `simulcast`.

    One that the client narrowed to the other direction is left out, and so is a second id for the same extension. The time of sending is
    for clients that estimate by themselves what they can take (REMB): of pictures, where there is nothing better. The dependency
    descriptor is for AV1 alone: others tell their layers in each payload, and Chromium leaves them out of VP8's where it writes
    descriptors. So a client shall write them only if AV1 is what it sends (`sent`).
    """
    found: dict[str, Extension] = {}
    most = _MAX_MIXED_ID if section.mixed else _MAX_ID
    for extension in section.extensions:
        name = _URIS.get(extension.uri)
        by_client = client_sends and (simulcast or name not in (_RID, _REPAIRED_RID))
        by_us = client_receives and name not in (_RID, _REPAIRED_RID)
        if name == _SEND_TIME and (section.kind != "video" or not client_receives):
            continue
        if name == DEPENDENCY_DESCRIPTOR:
            # That of a key frame is longer than the one-byte form bears.
            by_client = by_client and section.mixed and sent is not None and _is_av1(sent)
            by_us = by_us and section.mixed and any(map(_is_av1, section.codecs))
        usable = (extension.direction.sends and by_client) or (extension.direction.receives and by_us)
        if name is not None and 1 <= extension.id <= most and usable:
            found.setdefault(extension.uri, Extension(extension.id, _SAME[extension.uri]))
    used = tuple(found.values())
    if TRANSPORT_CC in ids(used):
        used = tuple(extension for extension in used if _URIS[extension.uri] != _SEND_TIME)
    return _alike(used)


@lru_cache(maxsize=64)
def _alike(found: tuple[Extension, ...]) -> tuple[Extension, ...]:
    """One value for all sections that use the same."""
    return found


def _is_av1(codec: Codec) -> bool:
    return codec.name.lower() == "av1"


def has_rid(section: Section) -> bool:
    """Whether the packets that a client sends in it can say of which stream they are (RFC 8852)."""
    return _RID in ids(accepted(section, client_sends=True, client_receives=False, simulcast=True))


def offered(kind: Kind) -> tuple[Extension, ...]:
    """Those of an offer of ours."""
    uris = {name: uri for uri, name in _URIS.items()}
    return tuple(Extension(id, uris[name]) for name, id in _OFFERED[kind].items())


def ids(extensions: tuple[Extension, ...]) -> Mapping[str, int]:
    """Header-extension ids by the engine's names."""
    return {_URIS[extension.uri]: extension.id for extension in extensions}
