"""What pages say, read from the shapes in which tutorials write it."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Literal, cast

import msgspec

from tertulia.core.ids import ParticipantId
from tertulia.errors import Code, ProtocolError
from tertulia.net import utf8
from tertulia.net.depth import DEPTH, too_deep
from tertulia.runtime.seat import Data, Description, IceCandidate

MESSAGE_BYTES = 256 * 1024
OTHER_BYTES = 64 * 1024
"""Of a message that is neither a description nor a candidate."""
ANYTHING = "message"
"""The topic of what has no type, or one that is no topic."""
CALL_WORDS = frozenset({"call", "accept", "reject", "hangup", "busy", "timeout"})
RESERVED = CALL_WORDS | {
    "offer",
    "answer",
    "candidate",
    "error",
    "joined",
    "waiting",
    "peer-joined",
    "peer-left",
    "data",
}
"""Types that somebody else's data cannot take."""

_TOPIC_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:-")

Message = dict[str, Any]


class DescriptionShape(Enum):
    BARE = auto()
    """`{type, sdp: "…"}`"""
    SDP_OBJECT = auto()
    """`{type, sdp: {type, sdp}}`"""
    NAMED = auto()
    """`{type: "offer", offer: {type, sdp}}`, and `answer` likewise."""


class CandidateShape(Enum):
    LABEL = auto()
    """`{type, label, id?, candidate: "…"}`"""
    FLAT = auto()
    """`{type, sdpMid, sdpMLineIndex, candidate: "…"}`"""
    OBJECT = auto()
    """`{type, candidate: {candidate, sdpMid, sdpMLineIndex}}`"""


@dataclass(frozen=True, slots=True)
class ShapedDescription(Description):
    """As the page wrote it, for another page of this door."""

    message: Message
    shape: DescriptionShape


@dataclass(frozen=True, slots=True)
class ShapedCandidate(IceCandidate):
    """As the page wrote it, for another page of this door."""

    message: Message
    shape: CandidateShape


@dataclass(frozen=True, slots=True)
class CallWord:
    """Asks somebody for a call, or answers such a request."""

    word: str
    message: Message


@dataclass(frozen=True, slots=True)
class Other:
    """Whatever else pages say to each other."""

    topic: str
    message: Message

    @property
    def data(self) -> Data:
        return Data(msgspec.json.encode(self.message))


Word = ShapedDescription | ShapedCandidate | CallWord | Other


def read(received: str | bytes) -> tuple[Word, ParticipantId | None]:
    """What was said, and to whom; None: it does not say. Raises ProtocolError (malformed, too_large, invalid)."""
    data = utf8(received, MESSAGE_BYTES)
    try:
        message = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        raise ProtocolError(Code.MALFORMED, "not JSON") from None
    if not isinstance(message, dict):
        raise ProtocolError(Code.MALFORMED, "a message is a JSON object")
    if too_deep(data):
        raise ProtocolError(Code.INVALID, f"a message has at most {DEPTH} levels")
    to = message.get("to")
    if to is not None and not (isinstance(to, str) and 0 < len(to) <= 64):
        raise ProtocolError(Code.MALFORMED, "`to` is an id, a text of 1 to 64 characters")
    return _word(message, len(data)), None if to is None else ParticipantId(to)


def _word(message: Message, size: int) -> Word:
    type = message.get("type")
    if type in ("offer", "answer"):
        return _description(cast(Literal["offer", "answer"], type), message)
    if size > OTHER_BYTES:
        raise ProtocolError(Code.TOO_LARGE, f"a message of this type has at most {OTHER_BYTES} bytes")
    if type == "candidate":
        return _candidate(message)
    if isinstance(type, str) and type in CALL_WORDS:
        return CallWord(type, message)
    fits = isinstance(type, str) and 0 < len(type) <= 64 and type[0] != "/" and _TOPIC_CHARACTERS.issuperset(type)
    return Other(cast(str, type) if fits else ANYTHING, message)


def _description(type: Literal["offer", "answer"], message: Message) -> ShapedDescription:
    inner, shape = message.get("sdp"), DescriptionShape.BARE
    if isinstance(inner, dict):
        inner, shape = inner.get("sdp"), DescriptionShape.SDP_OBJECT
    elif isinstance(named := message.get(type), dict):
        inner, shape = named.get("sdp"), DescriptionShape.NAMED
    if not isinstance(inner, str):
        raise ProtocolError(Code.MALFORMED, f"{type} has its SDP as a text in `sdp`")
    return ShapedDescription(type, inner, message, shape)


def _candidate(message: Message) -> ShapedCandidate:
    inner, shape = message.get("candidate"), CandidateShape.LABEL
    fields = message
    if isinstance(inner, dict):
        fields, inner, shape = inner, inner.get("candidate"), CandidateShape.OBJECT
    elif "sdpMid" in message or "sdpMLineIndex" in message:
        shape = CandidateShape.FLAT
    mid = fields.get("id") if shape is CandidateShape.LABEL else fields.get("sdpMid")
    index = fields.get("label") if shape is CandidateShape.LABEL else fields.get("sdpMLineIndex")
    text = "" if inner is None else inner
    index_fits = index is None or (isinstance(index, int) and not isinstance(index, bool) and 0 <= index <= 512)
    if not isinstance(text, str) or not (mid is None or isinstance(mid, str)) or not index_fits:
        raise ProtocolError(Code.MALFORMED, "candidate is a text with `label`, or an RTCIceCandidate")
    return ShapedCandidate(text, mid, index, message, shape)


def write_description(it: Description, shape: DescriptionShape) -> Message:
    """In the form in which a page of this door would have said it."""
    if isinstance(it, ShapedDescription):
        return it.message
    match shape:
        case DescriptionShape.BARE:
            return {"type": it.type, "sdp": it.sdp}
        case DescriptionShape.SDP_OBJECT:
            return {"type": it.type, "sdp": {"type": it.type, "sdp": it.sdp}}
        case DescriptionShape.NAMED:
            return {"type": it.type, it.type: {"type": it.type, "sdp": it.sdp}}


def write_candidate(it: IceCandidate, shape: CandidateShape) -> Message:
    """In the form in which a page of this door would have said it."""
    if isinstance(it, ShapedCandidate):
        return it.message
    match shape:
        case CandidateShape.LABEL:
            return {"type": "candidate", "label": it.index, "id": it.mid, "candidate": it.candidate}
        case CandidateShape.FLAT:
            return {"type": "candidate", "sdpMid": it.mid, "sdpMLineIndex": it.index, "candidate": it.candidate}
        case CandidateShape.OBJECT:
            inner = {"candidate": it.candidate, "sdpMid": it.mid, "sdpMLineIndex": it.index}
            return {"type": "candidate", "candidate": inner}


def write_data(topic: str, data: Data) -> Message:
    """Somebody's data as this door shows it: what a page has sent looks as it did; nothing can pass for a message of the server's."""
    payload = msgspec.json.decode(data.json)
    if isinstance(payload, dict) and not data.base64:
        type = payload.get("type")
        if (type == topic or topic == ANYTHING) and not (isinstance(type, str) and type in RESERVED):
            return payload
    message: Message = {"type": topic} if topic not in RESERVED else {"type": "data", "topic": topic}
    return message | {"data": payload} | ({"encoding": "base64"} if data.base64 else {})
