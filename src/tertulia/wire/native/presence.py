"""What people say of themselves while they are here."""

import msgspec

from tertulia.wire.native.base import FromServer, Identity, Message, Part, RequestId


class Presence(Part, frozen=True):
    participant: Identity
    state: msgspec.Raw
    """Any JSON but null."""


class PresenceSet(Message, frozen=True, tag="presence_set"):
    """One's own state, such as a cursor, in place of the one before. Takes the right `data`. Errors: not_allowed, too_large, invalid."""

    id: RequestId
    state: msgspec.Raw
    """Any JSON of at most 4 KiB and 64 levels, passed on unread; null: none any more."""


class PresenceChanged(FromServer, frozen=True, tag="presence"):
    """Not to the one concerned. 20 times a second at most for each person: what is older gives way."""

    participant: Identity
    state: msgspec.Raw
    """null: there is none any more."""


ClientPresence = PresenceSet
ServerPresence = PresenceChanged
