"""Stable error codes and the exceptions that carry them.

Errors have an audience: `UserError` is for the person (worth showing), `ProtocolError` for whoever wrote the client, `NotAllowed` for
both, `Internal` for us. Every one has a code that never changes its meaning; a door maps it to its wire in one place.
"""

from enum import StrEnum
from typing import ClassVar


class Code(StrEnum):
    """Every code that a client can meet. Documented in docs/reference/native-protocol.md; a test compares the two."""

    # the message itself
    MALFORMED = "malformed"
    UNKNOWN_TYPE = "unknown_type"
    TOO_LARGE = "too_large"
    TOO_MANY_MESSAGES = "too_many_messages"
    WRONG_ORDER = "wrong_order"
    # getting in
    TOKEN_REQUIRED = "token_required"
    TOKEN_INVALID = "token_invalid"
    TOKEN_EXPIRED = "token_expired"
    WRONG_ROOM = "wrong_room"
    IDENTITY_TAKEN = "identity_taken"
    REPLACED = "replaced"
    ROOM_FULL = "room_full"
    ROOM_LOCKED = "room_locked"
    ROOM_ENDED = "room_ended"
    DENIED = "denied"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    TOO_MANY_ROOMS = "too_many_rooms"
    JOIN_TIMEOUT = "join_timeout"
    # being there
    NOT_ALLOWED = "not_allowed"
    NO_SUCH_PARTICIPANT = "no_such_participant"
    NO_SUCH_PUBLICATION = "no_such_publication"
    NO_SUCH_MESSAGE = "no_such_message"
    TOO_MANY_PUBLICATIONS = "too_many_publications"
    ALREADY_PUBLISHED = "already_published"
    INVALID = "invalid"
    STORE_FAILED = "store_failed"
    CONFLICT = "conflict"
    TOO_MANY_SUBSCRIPTIONS = "too_many_subscriptions"
    TOO_MANY_DOCUMENTS = "too_many_documents"
    NO_SUCH_FILE = "no_such_file"
    TYPE_REFUSED = "type_refused"
    STORAGE_FULL = "storage_full"
    TOO_MANY_UPLOADS = "too_many_uploads"
    # media
    BAD_OFFER = "bad_offer"
    BAD_ANSWER = "bad_answer"
    STALE_OFFER = "stale_offer"
    NO_COMMON_CODEC = "no_common_codec"
    TOO_MANY_SECTIONS = "too_many_sections"
    MEDIA_UNAVAILABLE = "media_unavailable"
    # the connection
    SESSION_GONE = "session_gone"
    TOO_SLOW = "too_slow"
    HEARTBEAT_LOST = "heartbeat_lost"
    REMOVED = "removed"
    LEFT = "left"
    SERVER_STOPPING = "server_stopping"
    INTERNAL = "internal"


class TertuliaError(Exception):
    """Base of all errors with a code. `message` is a sentence for the audience; it never quotes a token."""

    retryable: ClassVar[bool] = False

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class UserError(TertuliaError):
    """Something the person can understand and perhaps mend: room full, locked, name missing."""


class ProtocolError(TertuliaError):
    """The client broke the protocol; whoever wrote it should read the message."""


class Conflict(TertuliaError):
    """Something was to be changed only if it was still as its reader knew it, and it is not."""

    def __init__(self, message: str, present: object = None) -> None:
        """`present`: what is there now; None: nothing is."""
        super().__init__(Code.CONFLICT, message)
        self.present = present


class NotAllowed(TertuliaError):
    """A right is missing: token, role or grant."""

    def __init__(self, message: str, code: Code = Code.NOT_ALLOWED) -> None:
        super().__init__(code, message)


class Unavailable(TertuliaError):
    """It may work in a moment: the server is stopping, a limit is reached, a worker was lost."""

    retryable = True


class Internal(TertuliaError):
    """Our fault. The message to the client says only that; the log has the rest."""

    retryable = True

    def __init__(self, message: str = "internal error") -> None:
        super().__init__(Code.INTERNAL, message)
