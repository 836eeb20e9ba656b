"""The RTP header extensions that the engine understands, by the names it has for them."""

from collections.abc import Mapping
from typing import Final

from tertulia.media.port import Kind
from tertulia.media.sdp import Extension, Section

TRANSPORT_CC: Final = "transport_cc"
_RID: Final = "rid"
_REPAIRED_RID: Final = "repaired_rid"
_MAX_ID: Final = 14
"""The one-byte form, which every client reads, has no higher ids (RFC 8285 section 4.2)."""

_URIS: Final = {
    "urn:ietf:params:rtp-hdrext:sdes:mid": "mid",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01": TRANSPORT_CC,
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level": "audio_level",
    "urn:3gpp:video-orientation": "video_orientation",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id": _RID,
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id": _REPAIRED_RID,
}
_OFFERED: Final[dict[Kind, dict[str, int]]] = {
    "audio": {"audio_level": 1, TRANSPORT_CC: 3, "mid": 4},
    "video": {"video_orientation": 13, TRANSPORT_CC: 3, "mid": 4},
}
"""Ids in an offer of ours. A name has one id in all sections: they share a transport (RFC 9143)."""
_SAME: Final = {uri: uri for uri in _URIS}
"""One string for all connections, rather than a part of each offer."""


def accepted(
    section: Section, *, client_sends: bool, client_receives: bool, simulcast: bool = False
) -> tuple[Extension, ...]:
    """The offered extensions that we use in a section, as the answer repeats them; those that name streams only with `simulcast`.

    One that the client narrowed to the other direction is left out, and so is a second id for the same extension.
    """
    found: dict[str, Extension] = {}
    for extension in section.extensions:
        name = _URIS.get(extension.uri)
        by_client = client_sends and (simulcast or name not in (_RID, _REPAIRED_RID))
        by_us = client_receives and name not in (_RID, _REPAIRED_RID)
        usable = (extension.direction.sends and by_client) or (extension.direction.receives and by_us)
        if name is not None and 1 <= extension.id <= _MAX_ID and usable:
            found.setdefault(extension.uri, Extension(extension.id, _SAME[extension.uri]))
    return tuple(found.values())


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
