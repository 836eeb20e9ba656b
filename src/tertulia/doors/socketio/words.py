"""What pages say, read from events and their arguments."""

import re
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

import msgspec

from tertulia.doors.socketio import shapes
from tertulia.doors.socketio.shapes import MESSAGE, Shape
from tertulia.errors import Code, ProtocolError
from tertulia.net.depth import DEPTH, too_deep
from tertulia.runtime.seat import Data, Description, IceCandidate

EVENT_BYTES = 256 * 1024
"""Of an event's arguments as JSON, with bytes as base64."""
ENTERING: Final = frozenset({"join", "create or join"})
LEAVING: Final = frozenset({"leave", "bye"})
ADDRESS: Final = "ipaddr"
SERVERS_OWN: Final = frozenset(
    {"error", "created", "joined", "full", "waiting", "admitted", "user-connected", "user-disconnected", "log"}
)
"""What only the server says."""
DATA: Final = "data"
"""The event for data of other doors that cannot come under its own name."""
_CLIENTS_OWN: Final = frozenset(
    {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}
)
_DESCRIPTIONS: Final = frozenset({"offer", "answer"})
_CANDIDATES: Final = frozenset({"candidate", "icecandidate"})
_SEPARATORS: Final = str.maketrans("", "", "-_ ")
_NO_TOPIC: Final = re.compile(r"[^A-Za-z0-9_./:-]+")
_TOPIC_LENGTH: Final = 64

Args = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """An event as it came."""

    event: str
    args: Args

    @property
    def to(self) -> str | None:
        """Whom the first argument names."""
        first = self.args[0] if self.args else None
        to = first.get("to") if isinstance(first, dict) else None
        return to if isinstance(to, str) and to else None


@dataclass(frozen=True, slots=True)
class ShapedDescription(Description):
    """As the page wrote it, for another page of this door."""

    said: Said
    shape: Shape


@dataclass(frozen=True, slots=True)
class ShapedCandidate(IceCandidate):
    """As the page wrote it, for another page of this door."""

    said: Said
    shape: Shape


@dataclass(frozen=True, slots=True)
class EventData(Data):
    """What a page has said to others: as it was said for those of this door, with the JSON for all others."""

    said: Said = Said(MESSAGE, ())


@dataclass(frozen=True, slots=True)
class Enter:
    """Wants to be in this room."""

    word: str
    room: str
    name: str | None
    token: str | None


@dataclass(frozen=True, slots=True)
class Leave:
    """Leaves its room."""


@dataclass(frozen=True, slots=True)
class AskAddress:
    """Wants to know the server's address."""


@dataclass(frozen=True, slots=True)
class Other:
    """Whatever else pages say to each other."""

    said: Said


Word = ShapedDescription | ShapedCandidate | Enter | Leave | AskAddress | Other


def read(event: str, args: Args) -> tuple[Word, str | None]:
    """What was said, and whom it is for; None: it does not say. Raises ProtocolError (malformed, invalid)."""
    if event in SERVERS_OWN:
        raise ProtocolError(Code.INVALID, f"{event} is for the server to say")
    if event in ENTERING:
        return _enter(event, args), None
    if event in LEAVING:
        return Leave(), None
    if event == ADDRESS:
        return AskAddress(), None
    if event == MESSAGE:
        said = Said(event, _parsed(args))
        return _message(said) or Other(said), said.to
    said = Said(event, args)
    word, to = _named(said)
    return (Other(said), said.to) if word is None else (word, to)


def is_signalling(event: str, args: Args) -> bool:
    """Whether a page would take this for a word of the server's, or for a description or a candidate."""
    if event in SERVERS_OWN | ENTERING | LEAVING | _DESCRIPTIONS or event == ADDRESS or _is_candidates(event):
        return True
    return event == MESSAGE and _message(Said(event, args)) is not None


def _enter(word: str, args: Args) -> Enter:
    first = args[0] if args else None
    fields = first if isinstance(first, dict) else {"room": first}
    room, name, token = fields.get("room"), fields.get("name"), fields.get("token")
    if not isinstance(room, str) or not all(it is None or isinstance(it, str) for it in (name, token)):
        raise ProtocolError(Code.MALFORMED, f"{word} names a room: a text, or {{room, name, token}}")
    return Enter(word, room, name, token)


def _parsed(args: Args) -> Args:
    """JSON text becomes what it says, where that is an object or a list."""
    text = args[0] if args else None
    if not isinstance(text, str) or not text.lstrip().startswith(("{", "[")):
        return args
    try:
        data = text.encode()
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return args
    if too_deep(b"[" + data + b"]"):
        raise ProtocolError(Code.INVALID, f"a message has at most {DEPTH} levels")
    return (value, *args[1:])


def _message(said: Said) -> ShapedDescription | ShapedCandidate | None:
    body = said.args[0] if said.args else None
    if not isinstance(body, dict):
        return None
    description = shapes.message_description(body)
    if description is not None:
        type, (sdp, form) = description
        return ShapedDescription(type, sdp, said, Shape(MESSAGE, form))
    candidate = shapes.message_candidate(body)
    if candidate is None:
        return None
    it, form = candidate
    return ShapedCandidate(it.candidate, it.mid, it.index, said, Shape(MESSAGE, form))


def _named(said: Said) -> tuple[ShapedDescription | ShapedCandidate | None, str | None]:
    """An event of its own, and whom it is for: `(body)`, `(body, to)` or `(to, body)`, or with `to` or `target` in the body."""
    event, args = said.event, said.args
    if event not in _DESCRIPTIONS and not _is_candidates(event):
        return None, None
    addressed = len(args) > 1 and isinstance(args[0], str) and not isinstance(args[1], str)
    body = args[1] if addressed else args[0] if args else None
    second = args[0] if addressed else args[1] if len(args) > 1 else None
    named = body.get("to") or body.get("target") if isinstance(body, dict) else None
    to = next((it for it in (named, second) if isinstance(it, str) and it), None)
    if event in _DESCRIPTIONS:
        type = cast(Literal["offer", "answer"], event)
        found = shapes.description(type, body)
        if found is None:
            return None, None
        return ShapedDescription(type, found[0], said, Shape("offer", found[1], addressed)), to
    candidate = shapes.candidate(body)
    if candidate is None:
        return None, None
    it, form = candidate
    return ShapedCandidate(it.candidate, it.mid, it.index, said, Shape(event, form, addressed)), to


def _is_candidates(event: str) -> bool:
    return event.translate(_SEPARATORS).lower() in _CANDIDATES


# --- data -----------------------------------------------------------------------------------------------------------------------------


def topic(event: str) -> str:
    """An event's name at other doors: what no topic of a room can have becomes a hyphen, and with a slash in front it is none."""
    return _NO_TOPIC.sub("-", event).lstrip("/")[:_TOPIC_LENGTH] or MESSAGE


def data(said: Said) -> EventData:
    """For everybody else: one argument as it is, none as null, several as a list. Raises ProtocolError (too_large, malformed)."""
    args = said.args
    payload = args[0] if len(args) == 1 else list(args) if args else None
    try:
        json = msgspec.json.encode(payload)
    except (UnicodeEncodeError, ValueError, TypeError, RecursionError):
        raise ProtocolError(Code.MALFORMED, "this cannot be said in JSON") from None
    if len(json) > EVENT_BYTES:
        raise ProtocolError(Code.TOO_LARGE, f"an event has at most {EVENT_BYTES} bytes")
    return EventData(json, isinstance(payload, bytes), said)


def write_data(topic: str, it: Data) -> Said:
    """Somebody's data as an event: as it was said at this door, else under its topic. Nothing can pass for signalling."""
    if isinstance(it, EventData):
        return it.said
    payload = msgspec.json.decode(it.json)
    if it.base64:
        payload = msgspec.convert(payload, bytes)
    if topic in _CLIENTS_OWN or is_signalling(topic, (payload,)):
        return Said(DATA, ({"topic": topic, "data": payload},))
    return Said(topic, (payload,))
