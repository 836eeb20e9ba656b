"""The messages of PeerJS: `{type, src, dst, payload}`; the payload is between the two clients, and passed on unread."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from tertulia.core.ids import ParticipantId
from tertulia.errors import Code, ProtocolError
from tertulia.net import utf8
from tertulia.net.depth import DEPTH, too_deep
from tertulia.runtime.seat import Description

MESSAGE_BYTES: Final = 256 * 1024
OPEN: Final = b'{"type":"OPEN"}'

_RELAYED: Final = frozenset({"OFFER", "ANSWER", "CANDIDATE", "LEAVE", "EXPIRE"})


class _Message(msgspec.Struct):
    """Other fields are ignored; `src` is what the server knows, whatever a client says."""

    type: str
    dst: str | None = None
    payload: msgspec.Raw = msgspec.Raw(b"")


@dataclass(frozen=True, slots=True)
class Relayed:
    """For another client."""

    type: str
    payload: bytes
    """JSON text; empty: there is none."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The client is there."""


@dataclass(frozen=True, slots=True)
class Leave:
    """The client goes."""


def read(received: str | bytes) -> tuple[Relayed | Heartbeat | Leave, ParticipantId | None]:
    """What was said, and to whom. Raises ProtocolError (malformed, unknown_type, too_large, invalid)."""
    data = utf8(received, MESSAGE_BYTES)
    try:
        message = msgspec.json.decode(data, type=_Message)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ProtocolError(Code.MALFORMED, f"not a message: {error}") from None
    if message.type == "HEARTBEAT":
        return Heartbeat(), None
    if message.type not in _RELAYED:
        raise ProtocolError(Code.UNKNOWN_TYPE, "unknown type")
    if message.dst is None or not message.dst:
        if message.type == "LEAVE":
            return Leave(), None
        raise ProtocolError(Code.MALFORMED, "`dst` says who it is for")
    payload = bytes(message.payload)  # a copy: the view keeps the whole message in memory
    if too_deep(payload):
        raise ProtocolError(Code.INVALID, f"a payload has at most {DEPTH} levels")
    return Relayed(message.type, payload), ParticipantId(message.dst)


class _Sdp(msgspec.Struct):
    sdp: str


class MediaSdp(msgspec.Struct, rename="camel"):
    """The payload of an OFFER or ANSWER, as far as the server needs it to be the other side."""

    type: str
    connection_id: str
    sdp: _Sdp


def media(it: Relayed) -> MediaSdp | None:
    """What the server could take in the place of its recipient; None: it is none."""
    try:
        payload = msgspec.json.decode(it.payload, type=MediaSdp)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return payload if payload.type == "media" else None


def described(it: Description, connection: str, sender: str, recipient: str) -> bytes:
    """What the server says in the place of the sender, about one media connection."""
    payload = {"sdp": {"type": it.type, "sdp": it.sdp}, "type": "media", "connectionId": connection}
    return relayed(Relayed(it.type.upper(), msgspec.json.encode(payload)), sender, recipient)


def relayed(it: Relayed, sender: str, recipient: str) -> bytes:
    """As the recipient gets it."""
    message: dict[str, Any] = {"type": it.type, "src": sender, "dst": recipient}
    if it.payload:
        message["payload"] = msgspec.Raw(it.payload)
    return msgspec.json.encode(message)


def leave(who: str) -> bytes:
    """Connections to this one are to be closed."""
    return msgspec.json.encode({"type": "LEAVE", "src": who})


def expire(who: str, code: Code) -> bytes:
    """What was said to this one does not reach him."""
    return msgspec.json.encode({"type": "EXPIRE", "src": who, "payload": {"code": code.value}})


def error(code: Code, message: str, *, key_is_bad: bool = False) -> bytes:
    """An end, or a refusal, in the words that the client has for it."""
    taken = code in (Code.IDENTITY_TAKEN, Code.REPLACED)
    type = "ID-TAKEN" if taken else "INVALID-KEY" if key_is_bad else "ERROR"
    return msgspec.json.encode({"type": type, "payload": {"msg": message, "code": code.value}})
