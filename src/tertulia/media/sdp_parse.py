"""Reads a session description (RFC 8866), with limits, since it comes from anybody.

Whatever the text is, the outcome is a `SessionDescription` or a `ProtocolError` that names the line.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, NoReturn

from tertulia.errors import Code, ProtocolError
from tertulia.media.sdp import (
    Codec,
    Direction,
    Extension,
    Rid,
    Section,
    SessionDescription,
    Setup,
    Simulcast,
    SsrcGroup,
    Transport,
)

MAX_BYTES: Final = 512 * 1024
MAX_LINES: Final = 20_000
MAX_LINE: Final = 20_480
"""Characters of one line: a BUNDLE group with the longest mids of the most sections fits."""
MAX_SECTIONS: Final = 300
MAX_CODECS: Final = 128
"""Payload types of a section: as many as there are."""
MAX_EXTENSIONS: Final = 64
MAX_SSRCS: Final = 64
"""SSRCs of a section, and groups of them."""
MAX_RIDS: Final = 16
MAX_FEEDBACK: Final = 32
"""Feedback lines of one payload type."""

_TOKEN = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]{1,64}")  # RFC 8866 section 9
_RID = re.compile(r"[A-Za-z0-9_-]{1,64}")  # RFC 8851 section 10
_ICE_CHARS = re.compile(r"[A-Za-z0-9+/]+")  # RFC 8839 section 5.4
_FINGERPRINT = re.compile(r"sha-256 +([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){31})", re.IGNORECASE)
_PRINTABLE = re.compile(r"[ -~]*")
_DIRECTIONS: Final = {str(direction): direction for direction in Direction}

_STATIC: Final = {
    0: ("PCMU", 8000, None),
    3: ("GSM", 8000, None),
    8: ("PCMA", 8000, None),
    9: ("G722", 8000, None),
    13: ("CN", 8000, None),
}
"""Payload types that need no rtpmap (RFC 3551 section 6), as far as clients still use them."""


class _Bad(Exception):
    """What is wrong with the line being read."""


@dataclass(slots=True)
class _Draft:
    """A section, or the head of the session, while its lines are read."""

    section: Section
    payload_types: tuple[int, ...] = ()
    direction: Direction | None = None
    ufrag: str = ""
    pwd: str = ""
    fingerprint: str = ""
    setup: Setup | None = None
    encodings: dict[int, tuple[str, int, int | None]] = field(default_factory=dict)
    parameters: dict[int, str] = field(default_factory=dict)
    feedback: dict[int | None, list[str]] = field(default_factory=dict)
    extensions: list[Extension] = field(default_factory=list)
    ssrcs: dict[int, None] = field(default_factory=dict)
    ssrc_groups: list[SsrcGroup] = field(default_factory=list)
    rids: list[Rid] = field(default_factory=list)
    bundle: tuple[str, ...] | None = None
    ice_lite: bool = False


def parse(text: str, code: Code = Code.BAD_OFFER) -> SessionDescription:
    """Raises ProtocolError with `code` (bad_answer for an answer), or too_many_sections."""
    # Characters first: counting bytes of an enormous text would cost as much as reading it.
    if len(text) > MAX_BYTES or len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        _refuse(code, f"the session description has more than {MAX_BYTES} bytes")
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    if not lines:
        _refuse(code, "the session description is empty")
    if len(lines) > MAX_LINES:
        _refuse(code, f"the session description has more than {MAX_LINES} lines")
    head = _Draft(Section("session", 0, "", ()))
    drafts: list[_Draft] = []
    session_id = version = 0
    for number, raw in enumerate(lines, 1):
        line = raw.removesuffix("\r")
        try:
            _check_line(line, first=number == 1)
            match line[0]:
                case "m":
                    if len(drafts) == MAX_SECTIONS:
                        message = f"line {number}: more than {MAX_SECTIONS} media sections"
                        raise ProtocolError(Code.TOO_MANY_SECTIONS, message)
                    drafts.append(_media(line[2:]))
                case "a":
                    name, _, value = line[2:].partition(":")
                    read = _ATTRIBUTES.get(name)
                    if read is not None:
                        read(drafts[-1] if drafts else head, value)
                case "o" if not drafts:
                    session_id, version = _origin(line[2:])
                case _:
                    pass
        except _Bad as error:
            _refuse(code, f"line {number}: {error}")
    sections = tuple(_finish(draft, head) for draft in drafts)
    mids = [section.mid for section in sections if section.mid is not None]
    if len(set(mids)) != len(mids):
        twice = next(mid for mid in mids if mids.count(mid) > 1)
        _refuse(code, f"two sections have the mid {twice!r}")
    return SessionDescription(sections, head.bundle or (), head.ice_lite, session_id, version)


def _refuse(code: Code, message: str) -> NoReturn:
    raise ProtocolError(code, message)


def _check_line(line: str, *, first: bool) -> None:
    if len(line) > MAX_LINE:
        raise _Bad(f"longer than {MAX_LINE} characters")
    if len(line) < 2 or line[1] != "=" or not "a" <= line[0] <= "z":
        raise _Bad("not of the form <letter>=<value>")
    if first and line != "v=0":
        raise _Bad("a session description begins with v=0")
    # Parts of an offer are written into the answer: nothing there may look like a new line to anybody.
    if not line.isprintable() and any((ord(char) < 32 and char != "\t") or ord(char) == 127 for char in line):
        raise _Bad("control character")


def _media(value: str) -> _Draft:
    parts = value.split()
    if len(parts) < 4 or not _PRINTABLE.fullmatch(value):
        raise _Bad("m= needs a media type, a port, a protocol and a format")
    kind, port_text, protocol, *formats = parts
    if not _TOKEN.fullmatch(kind):
        raise _Bad("not a media type")
    port = _number(port_text.partition("/")[0], 65535, "port")
    if len(formats) > MAX_CODECS or len(set(formats)) != len(formats):
        raise _Bad(f"more than {MAX_CODECS} formats, or one twice")
    payload_types: tuple[int, ...] = ()
    if "RTP/" in protocol:
        payload_types = tuple(_number(text, 127, "payload type") for text in formats)
        if len(set(payload_types)) != len(payload_types):
            raise _Bad("a payload type twice")
    return _Draft(Section(kind, port, protocol, tuple(formats)), payload_types)


def _origin(value: str) -> tuple[int, int]:
    parts = value.split()
    if len(parts) != 6:
        raise _Bad("o= needs six fields")
    return _number(parts[1], 2**64 - 1, "session id"), _number(parts[2], 2**64 - 1, "session version")


def _number(text: str, most: int, what: str) -> int:
    # `int` alone would take signs, underscores and other scripts' digits.
    if not (text.isascii() and text.isdigit() and len(text) <= 20) or int(text) > most:
        raise _Bad(f"not a {what}: {text[:40]!r}")
    return int(text)


def _payload_type(value: str, what: str) -> tuple[int, str]:
    number, _, rest = value.partition(" ")
    if not _PRINTABLE.fullmatch(rest):
        raise _Bad(f"{what} with characters outside ASCII")
    return _number(number, 127, "payload type"), rest.strip()


def _mid(draft: _Draft, value: str) -> None:
    if not _TOKEN.fullmatch(value):
        raise _Bad("a mid is a token of at most 64 characters")
    draft.section = replace(draft.section, mid=value)


def _group(draft: _Draft, value: str) -> None:
    semantics, *mids = value.split() or ("",)
    if semantics == "BUNDLE" and draft.bundle is None:
        draft.bundle = tuple(mids)


def _direction(draft: _Draft, value: str, direction: Direction) -> None:
    if value:
        raise _Bad(f"{direction} takes no value")
    draft.direction = direction


def _bundle_only(draft: _Draft, value: str) -> None:
    draft.section = replace(draft.section, bundle_only=True)


def _rtcp_mux(draft: _Draft, value: str) -> None:
    draft.section = replace(draft.section, rtcp_mux=True)


def _rtcp_rsize(draft: _Draft, value: str) -> None:
    draft.section = replace(draft.section, rtcp_rsize=True)


def _ice_lite(draft: _Draft, value: str) -> None:
    draft.ice_lite = True


def _ufrag(draft: _Draft, value: str) -> None:
    if not 4 <= len(value) <= 256 or not _ICE_CHARS.fullmatch(value):
        raise _Bad("ice-ufrag needs 4 to 256 letters, digits, + or /")
    draft.ufrag = value


def _pwd(draft: _Draft, value: str) -> None:
    if not 22 <= len(value) <= 256 or not _ICE_CHARS.fullmatch(value):
        raise _Bad("ice-pwd needs 22 to 256 letters, digits, + or /")
    draft.pwd = value


def _fingerprint(draft: _Draft, value: str) -> None:
    if not value.lower().startswith("sha-256"):
        return  # other hash functions may stand beside it (RFC 8122 section 5)
    match = _FINGERPRINT.fullmatch(value.strip())
    if match is None:
        raise _Bad("a sha-256 fingerprint has 32 hexadecimal bytes separated by colons")
    # Several certificates are allowed by RFC 8122, and used by nobody; the first counts.
    draft.fingerprint = draft.fingerprint or f"sha-256 {match[1].upper()}"


def _setup(draft: _Draft, value: str) -> None:
    try:
        draft.setup = Setup(value)
    except ValueError:
        raise _Bad("setup must be actpass, active or passive") from None


def _rtpmap(draft: _Draft, value: str) -> None:
    payload_type, encoding = _payload_type(value, "rtpmap")
    name, rate, *channels = encoding.split("/") if encoding.count("/") in (1, 2) else ("", "")
    if not _TOKEN.fullmatch(name):
        raise _Bad("rtpmap needs <payload type> <name>/<clock rate>[/<channels>]")
    clock_rate = _number(rate, 2**32 - 1, "clock rate")
    if clock_rate == 0:
        raise _Bad("a clock rate of 0")
    draft.encodings[payload_type] = (name, clock_rate, _number(channels[0], 255, "channel count") if channels else None)


def _fmtp(draft: _Draft, value: str) -> None:
    payload_type, parameters = _payload_type(value, "fmtp")
    draft.parameters[payload_type] = parameters


def _rtcp_fb(draft: _Draft, value: str) -> None:
    target: int | None = None
    if value.startswith("* "):
        feedback = value[2:].strip()
        if not _PRINTABLE.fullmatch(feedback):
            raise _Bad("rtcp-fb with characters outside ASCII")
    else:
        target, feedback = _payload_type(value, "rtcp-fb")
    known = draft.feedback.setdefault(target, [])
    if len(known) == MAX_FEEDBACK:
        raise _Bad(f"more than {MAX_FEEDBACK} feedback lines for a payload type")
    if feedback and feedback not in known:
        known.append(feedback)


def _extmap(draft: _Draft, value: str) -> None:
    number, _, rest = value.partition(" ")
    id_text, slash, direction = number.partition("/")
    words = rest.split()
    if not words or not _PRINTABLE.fullmatch(words[0]) or (slash and direction not in _DIRECTIONS):
        raise _Bad("extmap needs <id>[/<direction>] <URI>")
    if len(draft.extensions) == MAX_EXTENSIONS:
        raise _Bad(f"more than {MAX_EXTENSIONS} header extensions")
    # 4096 to 4351 are ids of an offer that the answer would renumber (RFC 8285 section 7); the 16 bits take both.
    extension_id = _number(id_text, 65535, "header extension id")
    draft.extensions.append(Extension(extension_id, words[0], _DIRECTIONS.get(direction, Direction.SENDRECV)))


def _mixed(draft: _Draft, value: str) -> None:
    draft.section = replace(draft.section, mixed=True)


def _msid(draft: _Draft, value: str) -> None:
    parts = value.split()
    if draft.section.msid is None and 1 <= len(parts) <= 2 and _PRINTABLE.fullmatch(value):
        draft.section = replace(draft.section, msid=(parts[0], parts[1] if len(parts) == 2 else ""))


def _ssrc(draft: _Draft, value: str) -> None:
    number, _, attribute = value.partition(" ")
    draft.ssrcs.setdefault(_number(number, 2**32 - 1, "SSRC"))
    if len(draft.ssrcs) > MAX_SSRCS:
        raise _Bad(f"more than {MAX_SSRCS} SSRCs in a section")
    if attribute.startswith("cname:") and draft.section.cname is None and _PRINTABLE.fullmatch(attribute):
        draft.section = replace(draft.section, cname=attribute[6:])


def _ssrc_group(draft: _Draft, value: str) -> None:
    semantics, *ssrcs = value.split() or ("",)
    if not _TOKEN.fullmatch(semantics) or len(draft.ssrc_groups) == MAX_SSRCS or len(ssrcs) > MAX_SSRCS:
        raise _Bad(f"ssrc-group needs a meaning and SSRCs, at most {MAX_SSRCS} of each")
    draft.ssrc_groups.append(SsrcGroup(semantics, tuple(_number(ssrc, 2**32 - 1, "SSRC") for ssrc in ssrcs)))


def _rid(draft: _Draft, value: str) -> None:
    name, direction, restrictions = [*value.split(maxsplit=2), "", "", ""][:3]
    if not _RID.fullmatch(name) or direction not in ("send", "recv") or len(draft.rids) == MAX_RIDS:
        raise _Bad(f"rid needs an id and send or recv, at most {MAX_RIDS} of them")
    if not _PRINTABLE.fullmatch(restrictions):
        raise _Bad("rid with characters outside ASCII")
    draft.rids.append(Rid(name, direction, restrictions.strip()))


def _simulcast(draft: _Draft, value: str) -> None:
    if draft.section.simulcast is not None:
        raise _Bad("simulcast a second time in a section")
    words = value.split()
    streams: dict[str, tuple[tuple[str, ...], ...]] = {}
    for direction, listed in zip(words[::2], words[1::2], strict=False):
        if direction not in ("send", "recv") or direction in streams:
            break
        streams[direction] = tuple(_alternatives(stream) for stream in listed.split(";"))
    if not streams or 2 * len(streams) != len(words):
        raise _Bad("simulcast needs send or recv and a list of streams, each direction at most once")
    if sum(len(alternatives) for listed in streams.values() for alternatives in listed) > 2 * MAX_RIDS:
        raise _Bad(f"simulcast with more than {2 * MAX_RIDS} streams and alternatives")
    draft.section = replace(draft.section, simulcast=Simulcast(**streams))


def _alternatives(stream: str) -> tuple[str, ...]:
    alternatives = tuple(stream.split(","))
    if not all(_RID.fullmatch(rid.removeprefix("~")) for rid in alternatives):
        raise _Bad(f"not the RIDs of a simulcast stream: {stream[:40]!r}")
    return alternatives


def _sctp_port(draft: _Draft, value: str) -> None:
    draft.section = replace(draft.section, sctp_port=_number(value, 65535, "SCTP port"))


def _max_message_size(draft: _Draft, value: str) -> None:
    draft.section = replace(draft.section, max_message_size=_number(value, 2**64 - 1, "message size"))


_ATTRIBUTES: Final[dict[str, Callable[[_Draft, str], None]]] = {
    "mid": _mid,
    "group": _group,
    "ice-lite": _ice_lite,
    "ice-ufrag": _ufrag,
    "ice-pwd": _pwd,
    "fingerprint": _fingerprint,
    "setup": _setup,
    "rtpmap": _rtpmap,
    "fmtp": _fmtp,
    "rtcp-fb": _rtcp_fb,
    "extmap": _extmap,
    "extmap-allow-mixed": _mixed,
    "msid": _msid,
    "ssrc": _ssrc,
    "ssrc-group": _ssrc_group,
    "rid": _rid,
    "simulcast": _simulcast,
    "sctp-port": _sctp_port,
    "max-message-size": _max_message_size,
    "bundle-only": _bundle_only,
    "rtcp-mux": _rtcp_mux,
    "rtcp-rsize": _rtcp_rsize,
    **{name: partial(_direction, direction=direction) for name, direction in _DIRECTIONS.items()},
}


def _finish(draft: _Draft, head: _Draft) -> Section:
    """Puts the session's values in where the section has none of its own."""
    return replace(
        draft.section,
        direction=draft.direction or head.direction or Direction.SENDRECV,
        transport=Transport(
            ufrag=draft.ufrag or head.ufrag,
            pwd=draft.pwd or head.pwd,
            fingerprint=draft.fingerprint or head.fingerprint,
            setup=draft.setup or head.setup,
        ),
        codecs=tuple(_codecs(draft)),
        extensions=(*draft.extensions, *head.extensions)[:MAX_EXTENSIONS],
        mixed=draft.section.mixed or head.section.mixed,
        ssrcs=tuple(draft.ssrcs),
        ssrc_groups=tuple(draft.ssrc_groups),
        rids=tuple(draft.rids),
    )


def _codecs(draft: _Draft) -> list[Codec]:
    codecs: list[Codec] = []
    repairs: dict[int, int] = {}
    redundancies: dict[int, Codec] = {}
    for payload_type in draft.payload_types:
        encoding = draft.encodings.get(payload_type) or _STATIC.get(payload_type)
        if encoding is None:
            continue
        codec = Codec(payload_type, *encoding, parameters=draft.parameters.get(payload_type, ""))
        if codec.is_rtx:
            repaired = codec.parameter("apt")
            if repaired.isascii() and repaired.isdigit() and len(repaired) <= 3:
                repairs.setdefault(int(repaired), payload_type)
        else:
            feedback = (*draft.feedback.get(payload_type, ()), *draft.feedback.get(None, ()))
            codec = replace(codec, feedback=tuple(dict.fromkeys(feedback)))
        if codec.is_red and draft.section.kind == "audio":
            repeated = _repeated(codec)
            if repeated is not None:
                redundancies.setdefault(repeated, codec)
        codecs.append(codec)
    return [_completed(codec, repairs, redundancies.get(codec.payload_type)) for codec in codecs]


def _repeated(red: Codec) -> int | None:
    """The payload type of all its blocks (RFC 2198 section 5), where they have one."""
    first, *others = red.parameters.split("/")
    is_number = first.isascii() and first.isdigit() and len(first) <= 3
    return int(first) if is_number and all(other == first for other in others) else None


def _completed(codec: Codec, repairs: Mapping[int, int], red: Codec | None) -> Codec:
    if codec.is_rtx or codec.is_red:
        return codec
    is_alike = red is not None and (red.clock_rate, red.channels) == (codec.clock_rate, codec.channels)
    return replace(codec, rtx=repairs.get(codec.payload_type), red=red.payload_type if red and is_alike else None)
