"""Reads what a client sends: texts, and the attachments that some of them announce."""

import json
import re
from typing import Any

import msgspec

from tertulia.net.depth import too_deep
from tertulia.socketio.options import Limits
from tertulia.socketio.parser.packet import RESERVED, BadPacket, Kind, Packet

# Kind, attachments, namespace, id, payload. A namespace ends at a comma or with the packet.
_PACKET = re.compile(r"([0-6])(?:(?<=[56])(\d{1,4})-)?(?:(/[^,]*)(?:,|\Z))?(\d{1,15})?(.*)", re.DOTALL | re.ASCII)
_json = msgspec.json.Decoder()


class Decoder:
    """Of one client. Keeps a packet until its attachments are there."""

    __slots__ = ("_attachments", "_bytes", "_limits", "_packet", "_wanted", "due")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._packet: Packet | None = None
        self._attachments: list[bytes] = []
        self._wanted = 0
        self._bytes = 0
        self.due: float | None = None
        """When attachments that are still missing have to be there; the caller lets the client go at that time."""

    def add(self, message: str | bytes, now: float) -> Packet | None:
        """None: attachments have to follow. Raises BadPacket."""
        if isinstance(message, bytes):
            return self._attach(message)
        if self._packet is not None:
            raise BadPacket("a text where an attachment has to be")
        if len(message) > self._limits.packet_bytes:
            raise BadPacket("packet too large")
        packet, attachments = decode_text(message, self._limits)
        if not attachments:
            return packet
        self._packet, self._wanted, self._bytes = packet, attachments, len(message)
        self.due = now + self._limits.attachments_timeout
        return None

    def _attach(self, data: bytes) -> Packet | None:
        if self._packet is None:
            raise BadPacket("an attachment that no packet has announced")
        self._bytes += len(data)
        if self._bytes > self._limits.packet_bytes:
            raise BadPacket("attachments too large")
        self._attachments.append(data)
        if len(self._attachments) < self._wanted:
            return None
        packet = self._packet._replace(data=_put_in_place(self._packet.data, self._attachments))
        self.clear()
        return packet

    def clear(self) -> None:
        self._packet = self.due = None
        self._attachments = []


def decode_text(text: str, limits: Limits) -> tuple[Packet, int]:
    """A packet, and how many attachments it announces; until they are there, placeholders stand in their places. Raises BadPacket."""
    match = _PACKET.fullmatch(text)
    if match is None:
        raise BadPacket("unknown packet type")
    digit, count, namespace, number, payload = match.groups()
    kind, attachments = Kind(int(digit)), int(count or 0)
    if kind in (Kind.BINARY_EVENT, Kind.BINARY_ACK):
        if count is None or attachments > limits.attachments:
            raise BadPacket("illegal number of attachments")
        kind = Kind.EVENT if kind is Kind.BINARY_EVENT else Kind.ACK
    if namespace is not None and len(namespace) > limits.name_length:
        raise BadPacket("namespace too long")
    data = _value(payload) if payload else None
    _check(kind, data, number, limits)
    return Packet(kind, namespace or "/", data, None if number is None else int(number)), attachments


def _check(kind: Kind, data: Any, number: str | None, limits: Limits) -> None:
    match kind:
        case Kind.EVENT:
            if not isinstance(data, list) or not data:
                raise BadPacket("an event is a list that begins with its name")
            if type(data[0]) is int:
                data[0] = str(data[0])  # JavaScript's names of events may be numbers
            name = data[0]
            if not isinstance(name, str) or name in RESERVED or len(name) > limits.name_length:
                raise BadPacket("illegal name of an event")
        case Kind.ACK:
            if not isinstance(data, list) or number is None:
                raise BadPacket("an acknowledgement is a list, and has a number")
        case Kind.CONNECT:
            if not (data is None or isinstance(data, dict)) or number is not None:
                raise BadPacket("a connect carries an object or nothing")
        case Kind.DISCONNECT:
            if data is not None or number is not None:
                raise BadPacket("a disconnect carries nothing")
        case _:
            raise BadPacket("not for a client to send")


def _value(payload: str) -> Any:
    try:
        value = _json.decode(payload)
    except RecursionError:
        raise BadPacket("nested too deeply") from None
    except (msgspec.MsgspecError, UnicodeError):
        value = _value_with_halves(payload)
    if too_deep(payload.encode()):
        raise BadPacket("nested too deeply")
    return value


def _value_with_halves(payload: str) -> Any:
    r"""JavaScript writes half a surrogate pair as `\ud83d`, for a text that was cut within an emoji. It becomes a question mark."""
    if "\\ud" not in payload and "\\uD" not in payload:
        raise BadPacket("not JSON")
    try:
        loose = json.loads(payload)
        return _json.decode(json.dumps(loose, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, msgspec.MsgspecError, RecursionError):
        raise BadPacket("not JSON") from None


def _put_in_place(data: Any, attachments: list[bytes]) -> Any:
    """Each attachment has one place: were it allowed several, a small packet could be made into an enormous one by sending it on."""
    missing = set(range(len(attachments)))

    def put(value: Any) -> Any:
        if isinstance(value, list):
            return [put(item) for item in value]
        if not isinstance(value, dict):
            return value
        if value.get("_placeholder") is not True:
            return {key: put(item) for key, item in value.items()}
        number = value.get("num")
        if type(number) is not int or number not in missing:
            raise BadPacket("illegal attachments")
        missing.discard(number)
        return attachments[number]

    whole = put(data)
    if missing:
        raise BadPacket("illegal attachments")
    return whole
