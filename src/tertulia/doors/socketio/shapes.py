"""The forms in which pages write descriptions and candidates, as the arguments of an event."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, Literal, cast

from tertulia.runtime.seat import Description, IceCandidate

MESSAGE: Final = "message"
CANDIDATE: Final = "candidate"
_TYPES: Final = ("offer", "answer")

Object = dict[str, Any]


class Form(Enum):
    """How the one object is written. On `message` it says by `type` (or `event`) what it is; on an event of its own the name does."""

    PLAIN = auto()
    """`{type, sdp: "…"}`; of a candidate `{candidate: "…", sdpMid, sdpMLineIndex}`."""
    WRAPPED = auto()
    """`{type, sdp: {type, sdp}}`; `{type, candidate: {candidate, …}}`."""
    NAMED = auto()
    """`{type, offer: {type, sdp}}`, and `answer` likewise."""
    LABEL = auto()
    """`{type, label, id, candidate: "…"}`"""
    UNDERSCORE = auto()
    """`{event: "_offer", data: {sdp: {type, sdp}}}`; `{event: "_ice_candidate", data: {candidate: {candidate, …}}}`."""
    UNTYPED = auto()
    """`{sdp: {type, sdp}}` and `{candidate: {candidate, …}}` on `message`."""
    TEXT = auto()
    """The SDP, or the candidate, by itself."""
    ANY = auto()
    """For a page that has not shown its form: all at once, of those that do not exclude each other."""


@dataclass(frozen=True, slots=True)
class Shape:
    event: str
    """Its name: `message`, or for a candidate the one that the page uses; `offer` stands for `offer` and `answer`."""
    form: Form
    addressed: bool = False
    """The first argument is whom it is for, and on its way back whom it is from."""


Found = tuple[str, Form]
"""The SDP, and how it was written."""


# --- reading --------------------------------------------------------------------------------------------------------------------------


def description(type: Literal["offer", "answer"], body: Any) -> Found | None:
    """Of the event `type`, or of a message that says this type. None: it is none."""
    if isinstance(body, str):
        return (body, Form.TEXT) if body.startswith("v=0") else None
    if not isinstance(body, dict):
        return None
    for inner, form in ((body.get("sdp"), Form.WRAPPED), (body.get(type), Form.NAMED)):
        if isinstance(inner, str) and form is Form.WRAPPED:
            return inner, Form.PLAIN
        if isinstance(inner, dict) and isinstance(inner.get("sdp"), str):
            return inner["sdp"], form
    return None


def message_description(body: Object) -> tuple[Literal["offer", "answer"], Found] | None:
    """Of the object that came by `message`."""
    type = body.get("type")
    if type in _TYPES:
        found = description(cast(Literal["offer", "answer"], type), body)
        return None if found is None else (cast(Literal["offer", "answer"], type), found)
    named, form = body, Form.UNTYPED
    event = body.get("event")
    if isinstance(event, str) and event.removeprefix("_") in _TYPES and isinstance(body.get("data"), dict):
        named, form = body["data"], Form.UNDERSCORE
    inner = named.get("sdp")
    if not isinstance(inner, dict) or inner.get("type") not in _TYPES or not isinstance(inner.get("sdp"), str):
        return None
    return inner["type"], (inner["sdp"], form)


def candidate(body: Any) -> tuple[IceCandidate, Form] | None:
    """Of a candidate's event. None: it is none."""
    if body is None:
        return IceCandidate("", None, None), Form.TEXT
    if isinstance(body, str):
        return (IceCandidate(body, None, None), Form.TEXT) if _is_line(body) else None
    if not isinstance(body, dict):
        return None
    inner = body.get("candidate")
    if isinstance(inner, dict) or (inner is None and "candidate" in body and "sdpMid" not in body):
        read = _candidate_object(inner)
        return None if read is None else (read, Form.WRAPPED)
    if "label" in body:
        read = _candidate(inner, body.get("id"), body.get("label"))
        return None if read is None else (read, Form.LABEL)
    read = _candidate_object(body)
    return None if read is None else (read, Form.PLAIN)


def message_candidate(body: Object) -> tuple[IceCandidate, Form] | None:
    """Of the object that came by `message`."""
    if body.get("type") == CANDIDATE:
        return candidate(body)
    if body.get("event") in ("_ice_candidate", "ice_candidate") and isinstance(body.get("data"), dict):
        read = _candidate_object(body["data"].get("candidate"))
        return None if read is None else (read, Form.UNDERSCORE)
    if "type" not in body and "event" not in body and isinstance(body.get("candidate"), dict):
        read = _candidate_object(body["candidate"])
        return None if read is None else (read, Form.UNTYPED)
    return None


def _candidate_object(body: Any) -> IceCandidate | None:
    if body is None:
        return IceCandidate("", None, None)
    if not isinstance(body, dict):
        return None
    return _candidate(body.get("candidate"), body.get("sdpMid"), body.get("sdpMLineIndex"))


def _candidate(line: Any, mid: Any, index: Any) -> IceCandidate | None:
    line = "" if line is None else line
    index_fits = index is None or (type(index) is int and 0 <= index <= 512)
    if not isinstance(line, str) or not _is_line(line) or not (mid is None or isinstance(mid, str)) or not index_fits:
        return None
    return IceCandidate(line, mid, index)


def _is_line(text: str) -> bool:
    return not text or text.startswith(("candidate:", "a=candidate:"))


# --- writing --------------------------------------------------------------------------------------------------------------------------


def write_description(it: Description, shape: Shape, sender: str) -> tuple[str, tuple[Any, ...]]:
    """Event and arguments, as a page would have written them that uses this shape."""
    whole = {"type": it.type, "sdp": it.sdp}
    body: Any
    match shape.form:
        case Form.TEXT:
            body = it.sdp
        case Form.WRAPPED:
            body = {"type": it.type, "sdp": whole}
        case Form.NAMED:
            body = {"type": it.type, it.type: whole}
        case Form.UNDERSCORE:
            body = {"event": f"_{it.type}", "data": {"sdp": whole}}
        case Form.UNTYPED:
            body = {"sdp": whole}
        case _:
            body = whole
    event = MESSAGE if shape.event == MESSAGE else it.type
    return event, (sender, body) if shape.addressed else (body,)


def write_candidate(it: IceCandidate, shape: Shape, sender: str) -> tuple[str, tuple[Any, ...]]:
    """Event and arguments, as a page would have written them that uses this shape."""
    whole = {"candidate": it.candidate, "sdpMid": it.mid, "sdpMLineIndex": it.index}
    make: dict[Form, Callable[[], Any]] = {
        Form.TEXT: lambda: it.candidate,
        Form.WRAPPED: lambda: {"type": CANDIDATE, "candidate": whole},
        Form.LABEL: lambda: {"type": CANDIDATE, "label": it.index, "id": it.mid, "candidate": it.candidate},
        Form.UNDERSCORE: lambda: {"event": "_ice_candidate", "data": {"candidate": whole}},
        Form.UNTYPED: lambda: {"candidate": whole},
        Form.ANY: lambda: {
            "type": CANDIDATE,
            "label": it.index,
            "id": it.mid,
            **whole,
            "event": "_ice_candidate",
            "data": {"candidate": whole},
        },
    }
    plain = {"type": CANDIDATE, **whole} if shape.event == MESSAGE else whole
    body = make[shape.form]() if shape.form in make else plain
    return shape.event, (sender, body) if shape.addressed else (body,)
