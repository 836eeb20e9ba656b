"""What everybody in a room shares: keys, values, versions. It lasts as long as the room."""

import msgspec

from tertulia.wire.native.base import FromServer, Identity, Message, Part, RequestId, StateKey, Version


class StateEntry(Part, frozen=True):
    key: StateKey
    value: msgspec.Raw
    """Any JSON."""
    version: Version
    """Of the change that set it: the changes of a room are counted from 1."""


class StateSet(Message, frozen=True, tag="state_set"):
    """Sets a key for everybody. Takes the right `data`. Reply: `state_stored`. Errors: not_allowed, conflict, too_large, invalid."""

    id: RequestId
    key: StateKey
    value: msgspec.Raw
    """Any JSON of at most 64 KiB and 64 levels, passed on unread."""
    version: Version | None = None
    """Only where this is the key's version, else `conflict`; 0: only where there is no such key."""


class StateDelete(Message, frozen=True, tag="state_delete"):
    """There was no such key: nothing happens. Errors: not_allowed, conflict."""

    id: RequestId
    key: StateKey
    version: Version | None = None
    """As with `state_set`."""


class StateStored(FromServer, frozen=True, tag="state_stored"):
    """The reply to `state_set`."""

    id: int
    version: Version


class StateChanged(FromServer, frozen=True, tag="state"):
    """Also to whoever did it. While it waits, a newer one of the same key takes its place."""

    entry: StateEntry
    sender: Identity = msgspec.field(name="from")
    """`server` for the server's own code."""


class StateDeleted(FromServer, frozen=True, tag="state_deleted"):
    """Also to whoever did it."""

    key: StateKey
    version: Version
    """Of this change."""
    sender: Identity = msgspec.field(name="from")


ClientState = StateSet | StateDelete
ServerState = StateStored | StateChanged | StateDeleted
