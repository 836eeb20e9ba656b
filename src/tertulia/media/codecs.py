"""Which codecs the SFU forwards, and when what one client sends is what another can decode.

Payload types and format parameters differ between clients for the same codec, so both are reduced to a `CodecKey` that two connections
can compare (RFC 6184 section 8.2.2, RFC 9628 section 6, AV1 RTP specification section 7.2).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from tertulia.media.port import Kind, Sound
from tertulia.media.sdp import Codec, Section

_FORWARDED: Final[dict[str, tuple[str, Kind, int, int | None]]] = {
    "opus": ("opus", "audio", 48000, 2),
    "vp8": ("VP8", "video", 90000, None),
    "vp9": ("VP9", "video", 90000, None),
    "h264": ("H264", "video", 90000, None),
    "av1": ("AV1", "video", 90000, None),
}
"""By lower-case name: the name the engine knows it by, kind, clock rate and channels."""

_H264_FAMILIES: Final = {0x42: 0, 0x58: 1, 0x4D: 1, 0x64: 2, 0x6E: 3, 0x7A: 4, 0xF4: 5, 0x2C: 5}
"""Rank of an H.264 profile_idc: baseline, main, high, high 10, 4:2:2, 4:4:4. A decoder of a rank decodes the ranks below it.

Baseline and constrained baseline share one: no WebRTC encoder uses what tells them apart (FMO, ASO, redundant slices)."""


_NAMES_MAX: Final = 8
_NAME_MAX: Final = 80
_SECTIONS_MAX: Final = 4
"""A message for a person: this many codecs of a section, characters of format parameters, sections."""


@dataclass(frozen=True, slots=True, order=True)
class CodecKey:
    """A codec as two connections agree upon it."""

    name: str
    profile: int = 0
    """H.264: the rank of its family; VP9: profile-id; AV1: profile."""
    packetization: int = 0
    """H.264's packetization-mode; 0 elsewhere."""


Audience = Callable[[CodecKey], int]
"""How many of those who receive in a room can decode a codec."""


def no_audience(_: CodecKey) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Payload:
    """What a receiver calls a codec."""

    key: CodecKey
    payload_type: int
    rtx_payload_type: int | None
    red_payload_type: int | None = None
    """Of sound that repeats earlier frames."""


def key_of(codec: Codec, kind: str) -> CodecKey | None:
    """None where the SFU does not forward it."""
    known = _FORWARDED.get(codec.name.lower())
    if known is None:
        return None
    name, known_kind, clock_rate, channels = known
    if (known_kind, clock_rate) != (kind, codec.clock_rate) or (channels is not None and codec.channels != channels):
        return None
    match name:
        case "H264":
            return _h264_key(codec)
        case "VP9":
            profile = codec.parameter("profile-id", "0")
        case "AV1":
            profile = codec.parameter("profile", "0")
        case _:
            profile = "0"
    return CodecKey(name, int(profile)) if profile in ("0", "1", "2", "3") else None


def _h264_key(codec: Codec) -> CodecKey | None:
    mode = codec.parameter("packetization-mode", "0")
    if mode not in ("0", "1"):
        return None  # mode 2, interleaved, is used by nobody (RFC 6184 section 5.4)
    level_id = codec.parameter("profile-level-id", "42e01f")
    try:
        profile_idc = int(level_id[:2], 16) if len(level_id) == 6 else None
        constraints = int(level_id[2:4], 16)
    except ValueError:
        return None
    if profile_idc is None or profile_idc not in _H264_FAMILIES:
        return None
    # Main with constraint_set0 is constrained baseline too (RFC 6184 section 8.1, table 5).
    family = 0 if profile_idc == 0x4D and constraints & 0x80 else _H264_FAMILIES[profile_idc]
    return CodecKey("H264", family, int(mode))


def forwardable(section: Section) -> list[Codec]:
    """The section's codecs that the SFU forwards, in the client's order, without RTX and redundancy."""
    return [codec for codec in section.codecs if key_of(codec, section.kind) is not None]


def tuned(codecs: Iterable[Codec], sound: Sound) -> list[Codec]:
    """The codecs with what a room has chosen for its sound (RFC 7587 section 6.1): a client encodes as the other side asks it to."""
    return [_tuned(codec, sound) if codec.name.lower() == "opus" else codec for codec in codecs]


def _tuned(opus: Codec, sound: Sound) -> Codec:
    said = [item.strip() for item in opus.parameters.split(";")]
    kept = [item for item in said if item and item.partition("=")[0].strip().lower() not in ("useinbandfec", "usedtx")]
    chosen = [*kept, *(["useinbandfec=1"] if sound.fec else []), *(["usedtx=1"] if sound.dtx else [])]
    return replace(opus, parameters=";".join(chosen), red=opus.red if sound.red else None)


def payloads(section: Section) -> tuple[Payload, ...]:
    """How the client that offered this section calls what the SFU may send in it."""
    found: list[Payload] = []
    for codec in section.codecs:
        key = key_of(codec, section.kind)
        if key is not None:
            found.append(Payload(key, codec.payload_type, codec.rtx, codec.red))
    return _alike(tuple(found))


@lru_cache(maxsize=64)
def _alike(found: tuple[Payload, ...]) -> tuple[Payload, ...]:
    """One value for all sections in which codecs are called so: a client has a dozen of them, and most clients are alike."""
    return found


def payload_for(source: CodecKey, offered: Iterable[Payload]) -> Payload | None:
    """The receiver's payload type for what a source sends: the same codec, else the nearest H.264 that decodes it."""
    fitting = [payload for payload in offered if decodes(payload.key, source)]
    return min(fitting, key=lambda payload: payload.key, default=None)


def decodes(receiver: CodecKey, source: CodecKey) -> bool:
    """Whether a receiver of one key can be given the other. Packetization mode 1 includes mode 0 (RFC 6184 section 5.4)."""
    if source.name != "H264":
        return receiver == source
    return (
        receiver.name == "H264"
        and receiver.packetization >= source.packetization
        and receiver.profile >= source.profile
    )


def by_audience(codecs: Iterable[Codec], kind: str, audience: Audience) -> list[Codec]:
    """The codecs that most receivers can decode first; otherwise in the order given, which is their author's."""

    def rank(codec: Codec) -> int:
        key = key_of(codec, kind)
        return 0 if key is None else -audience(key)

    return sorted(codecs, key=rank)


def names_of(section: Section) -> str:
    """Its codecs for a person to read, with what tells a variant that is not forwarded from one that is."""
    names: dict[str, None] = {}
    for codec in section.codecs:
        known = _FORWARDED.get(codec.name.lower())
        if codec.is_rtx:
            continue
        if known is None:
            names[codec.name] = None
        else:
            channels = "" if codec.channels is None else f"/{codec.channels}"
            names[f"{codec.name}/{codec.clock_rate}{channels} {codec.parameters[:_NAME_MAX]}".strip()] = None
    shown = ", ".join(list(names)[:_NAMES_MAX]) or "no codec with a name"
    return shown if len(names) <= _NAMES_MAX else f"{shown} and {len(names) - _NAMES_MAX} more"


def no_common_codec(sections: Sequence[Section]) -> str:
    """Says of each section of an offer what both sides have."""
    told: list[str] = []
    for section in sections:
        ours = ", ".join(name for name, kind, *_ in _FORWARDED.values() if kind == section.kind)
        theirs = f"the offer has {names_of(section)} for {section.kind} (section {section.mid!r})"
        told.append(f"{theirs}; this server forwards {ours}")
    return ". ".join(told[:_SECTIONS_MAX])
