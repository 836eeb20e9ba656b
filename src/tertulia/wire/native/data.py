"""The app's own messages."""

import msgspec

from tertulia.wire.native.base import Encoding, FromServer, Identity, Message, RequestId, Topic


class Data(Message, frozen=True, tag="data"):
    """The app's own message to the others, or `to` one of them; not back to the sender. Takes the right `data`.

    With a slash in front of the topic it is the server's, and goes to all who subscribe, or `to` all sessions of one identity, in all
    rooms; who may is declared there. Errors: not_allowed, too_many_messages."""

    id: RequestId
    topic: Topic
    data: msgspec.Raw
    """Any JSON of at most 64 levels, passed on unread; with `encoding` base64 a string that stands for bytes, with padding."""
    encoding: Encoding = "json"
    to: Identity | None = None
    latest: bool = False
    """Only the newest of this sender and topic matters: one that still waits for a slow receiver may be replaced by it."""


class DataReceived(FromServer, frozen=True, tag="data"):
    """The values of a topic of the server come without a number (`seq`), but for those that are for one person alone: what a reader does
    not take gives way to what is newer, and nothing comes again after a loss."""

    sender: Identity = msgspec.field(name="from")
    """`server` for the server's own code."""
    topic: Topic
    data: msgspec.Raw
    encoding: Encoding


ClientData = Data
ServerData = DataReceived
