"""Texts become messages, and requests become commands. One table: a request that is not in it cannot be made."""

import secrets
import time
from collections.abc import Callable
from typing import Any

import msgspec

from tertulia.core import commands as cmd
from tertulia.core.chat_changes import Delete, Edit, SetReaction
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import Kind, Layer, Preference, Role, Source
from tertulia.core.state import VALUE_BYTES
from tertulia.doors.native.payload import json_text, payload
from tertulia.errors import Code, ProtocolError
from tertulia.media.chunked import CHUNK_BYTES
from tertulia.net import utf8
from tertulia.runtime import seat
from tertulia.runtime.documents import UPDATE_BYTES
from tertulia.wire import native as wire

MESSAGE_BYTES = 768 * 1024
"""The largest message: an offer with some hundred sections. Below uvicorn's own limit of 1 MiB, so that the answer is ours."""
SMALL_BYTES = 16 * 1024
"""For everything without SDP, chat text and documents, so for `data` too."""
CHAT_BYTES = 16 * 1024
"""UTF-8 bytes of a chat message's text."""
SYNC_BYTES = UPDATE_BYTES + SMALL_BYTES
"""A frame about what is in a document."""

_LIMITS: dict[type, int] = {
    wire.DocumentOpen: SYNC_BYTES,
    wire.DocumentSync: SYNC_BYTES,
    wire.MediaChunk: CHUNK_BYTES + 1024,
    wire.Offer: MESSAGE_BYTES,
    wire.Answer: MESSAGE_BYTES,
    wire.Chat: 6 * CHAT_BYTES,  # a text may come with every character escaped; the text itself is measured below
    wire.ChatEdit: 6 * CHAT_BYTES,
    wire.StateSet: VALUE_BYTES + 1024,
}


class _Head(msgspec.Struct):
    id: wire.RequestId | None = None


class Unreadable(ProtocolError):
    """A text that is no message. `id` is that of the request, where at least that could be read."""

    def __init__(self, code: Code, message: str, id: int | None = None) -> None:
        super().__init__(code, message)
        self.id = id


def read(received: str | bytes, size_limit: int = MESSAGE_BYTES) -> tuple[wire.ClientMessage, int]:
    """The message in what was received (bytes: a binary frame) and its size in bytes.

    Raises Unreadable with malformed, unknown_type or too_large.
    """
    text, payload, size = _parts(received, size_limit)
    try:
        message = wire.decode(text) if payload is None else wire.decode_frame(text, payload)
    except msgspec.ValidationError as error:
        why = str(error)
        raise Unreadable(_code_of(why), why, request_id(text)) from None
    except (msgspec.DecodeError, RecursionError):
        raise Unreadable(Code.MALFORMED, "not JSON") from None
    limit = _LIMITS.get(type(message), SMALL_BYTES)
    if size > limit:
        why = f"a message of this type has at most {limit} bytes"
        raise Unreadable(Code.TOO_LARGE, why, getattr(message, "id", None))
    if isinstance(message, wire.Chat | wire.ChatEdit) and len(message.text.encode()) > CHAT_BYTES:
        raise Unreadable(Code.TOO_LARGE, f"a chat text has at most {CHAT_BYTES} bytes", message.id)
    return message, size


def _parts(received: str | bytes, size_limit: int) -> tuple[bytes, bytes | None, int]:
    """The text, what follows it in a binary frame (None: it came as text), and the size of both."""
    if isinstance(received, str):
        try:
            text = utf8(received, size_limit)
        except ProtocolError as error:
            raise Unreadable(error.code, error.message) from None
        return text, None, len(text)
    if len(received) > size_limit:
        raise Unreadable(Code.TOO_LARGE, f"a message has at most {size_limit} bytes")
    try:
        text, payload = wire.unpack(received)
    except ValueError as error:
        raise Unreadable(Code.MALFORMED, str(error)) from None
    try:
        text.decode()
    except UnicodeDecodeError:
        raise Unreadable(Code.MALFORMED, "not UTF-8") from None
    return text, payload, len(received)


def id_in(received: str | bytes) -> int | None:
    """The id in a frame that may be a request."""
    try:
        return request_id(received if isinstance(received, str) else wire.unpack(received)[0])
    except ValueError:
        return None


def request_id(data: bytes | str) -> int | None:
    """The id in a text that may be a request."""
    try:
        return msgspec.json.decode(data, type=_Head).id
    except (msgspec.MsgspecError, RecursionError, UnicodeEncodeError):
        return None


def _code_of(why: str) -> Code:
    """msgspec tells kinds of errors apart by their text only."""
    if why.endswith("`$.type`") or "missing required field `type`" in why:
        return Code.UNKNOWN_TYPE
    return Code.TOO_LARGE if "of length <=" in why else Code.MALFORMED


def command(who: ParticipantId, message: wire.ClientMessage) -> seat.Request | None:
    """What a request asks for; None: nothing is to be done. Raises ProtocolError (invalid)."""
    return COMMANDS[type(message)](who, message)


def new_publication() -> PublicationId:
    return PublicationId(secrets.token_urlsafe(9))


def _publish(who: ParticipantId, it: wire.Publish) -> seat.Request:
    return cmd.Publish(who, new_publication(), Source(it.source), Kind(it.kind), it.muted, it.width, it.height)


def _prefer(who: ParticipantId, it: wire.Prefer) -> seat.Request:
    preference = Preference(it.visible, it.width, it.height, Layer(it.layer), it.pinned)
    return cmd.Prefer(who, PublicationId(it.publication), preference)


def _report(who: ParticipantId, it: wire.Report) -> seat.Request:
    received = (
        seat.Reception(
            PublicationId(one.publication),
            one.freezes,
            one.frozen,
            one.concealed,
            one.frame_rate,
            one.width,
            one.height,
        )
        for one in it.received
    )
    return seat.Report(who, tuple(received))


def _offer(who: ParticipantId, it: wire.Offer) -> seat.Request:
    if it.to == wire.SERVER:
        return seat.Offer(who, it.serial, it.sdp, {mid: PublicationId(id) for mid, id in it.publications.items()})
    return _description(who, it)


def _description(who: ParticipantId, it: wire.Offer | wire.Answer) -> seat.Request:
    return cmd.Signal(who, ParticipantId(it.to), it, tuple(PublicationId(id) for id in it.publications.values()))


def _answer(who: ParticipantId, it: wire.Answer) -> seat.Request:
    if it.to == wire.SERVER:
        raise ProtocolError(Code.INVALID, "the server never offers, so there is nothing to answer")
    return _description(who, it)


def _candidate(who: ParticipantId, it: wire.Candidate) -> seat.Request | None:
    return None if it.to == wire.SERVER else cmd.Signal(who, ParticipantId(it.to), it)


def _data(who: ParticipantId, it: wire.Data) -> seat.Request:
    to = None if it.to is None else ParticipantId(it.to)
    return cmd.SendData(who, it.topic, payload(it), to, it.latest)


def _presence(who: ParticipantId, it: wire.PresenceSet) -> seat.Request:
    state = json_text(it.state)
    return cmd.SetPresence(who, None if state == b"null" else state)


def _state(who: ParticipantId, it: wire.StateSet) -> seat.Request:
    return cmd.SetState(who, it.key, json_text(it.value), it.version)


def _chat(who: ParticipantId, it: wire.Chat) -> seat.Request:
    to = None if it.to is None else ParticipantId(it.to)
    return cmd.SendChat(who, secrets.token_urlsafe(9), it.text, to, time.time(), it.key or "")


def _change(who: ParticipantId, message: str, what: Edit | Delete | SetReaction) -> seat.Request:
    return cmd.ChangeChat(who, message, what, time.time())


def _typing(who: ParticipantId, it: wire.ChatTyping) -> seat.Request:
    return cmd.SetTyping(who, it.active, None if it.to is None else ParticipantId(it.to))


def _hand(who: ParticipantId, it: wire.Hand) -> seat.Request:
    return cmd.SetHand(who, who if it.participant is None else ParticipantId(it.participant), it.raised)


def _spotlight(who: ParticipantId, it: wire.Spotlight) -> seat.Request:
    return cmd.SetSpotlight(who, None if it.participant is None else ParticipantId(it.participant))


COMMANDS: dict[type, Callable[[ParticipantId, Any], seat.Request | None]] = {
    wire.Leave: lambda who, it: cmd.Leave(who),
    wire.Publish: _publish,
    wire.Unpublish: lambda who, it: cmd.Unpublish(who, PublicationId(it.publication)),
    wire.Mute: lambda who, it: cmd.SetMuted(who, PublicationId(it.publication), it.muted),
    wire.Subscribe: lambda who, it: cmd.Subscribe(who, PublicationId(it.publication)),
    wire.Unsubscribe: lambda who, it: cmd.Unsubscribe(who, PublicationId(it.publication)),
    wire.Prefer: _prefer,
    wire.Report: _report,
    wire.Offer: _offer,
    wire.Answer: _answer,
    wire.Candidate: _candidate,
    wire.TopologyReady: lambda who, it: cmd.TopologyReady(who, it.epoch),
    wire.RoadFailed: lambda who, it: cmd.RoadFailed(who, it.epoch),
    wire.MediaOpen: lambda who, it: seat.OpenChunked(who, tuple(it.codecs)),
    wire.Chat: _chat,
    wire.ChatEdit: lambda who, it: _change(who, it.message, Edit(it.text)),
    wire.ChatDelete: lambda who, it: _change(who, it.message, Delete()),
    wire.ChatReact: lambda who, it: _change(who, it.message, SetReaction(it.reaction, it.on)),
    wire.ChatTyping: _typing,
    wire.ChatRead: lambda who, it: cmd.ReadChat(who, it.number),
    wire.Data: _data,
    wire.PresenceSet: _presence,
    wire.StateSet: _state,
    wire.StateDelete: lambda who, it: cmd.DeleteState(who, it.key, it.version),
    wire.Hand: _hand,
    wire.React: lambda who, it: cmd.React(who, it.reaction),
    wire.AskUnmute: lambda who, it: cmd.AskUnmute(who, ParticipantId(it.participant), Source(it.source)),
    wire.Spotlight: _spotlight,
    wire.Admit: lambda who, it: cmd.Admit(who, ParticipantId(it.participant)),
    wire.Deny: lambda who, it: cmd.Deny(who, ParticipantId(it.participant)),
    wire.Remove: lambda who, it: cmd.Remove(who, ParticipantId(it.participant), it.reason),
    wire.SetRole: lambda who, it: cmd.SetRole(who, ParticipantId(it.participant), Role(it.role)),
    wire.Lock: lambda who, it: cmd.SetLocked(who, it.locked),
    wire.WaitingRoom: lambda who, it: cmd.SetWaitingRoom(who, it.enabled),
    wire.Invite: lambda who, it: cmd.Invite(who, Role(it.role)),
    wire.End: lambda who, it: cmd.End(who),
}
