"""From an error message to an exception."""

from tertulia.errors import Code, Conflict, Internal, NotAllowed, ProtocolError, TertuliaError, Unavailable, UserError
from tertulia.wire.native import Bye, DocumentClosed, Error

_NOT_ALLOWED = frozenset(
    {Code.NOT_ALLOWED, Code.TOKEN_REQUIRED, Code.TOKEN_INVALID, Code.TOKEN_EXPIRED, Code.WRONG_ROOM}
)
_FOR_THE_PERSON = frozenset(
    {Code.IDENTITY_TAKEN, Code.REPLACED, Code.ROOM_ENDED, Code.DENIED, Code.REMOVED, Code.LEFT, Code.SESSION_GONE}
)


def from_message(message: Error | Bye | DocumentClosed) -> TertuliaError:
    """The exception for an `error`, a `bye` and the like: `Unavailable` or `Internal` where it may work in a moment."""
    try:
        code = Code(message.code)
    except ValueError:
        return ProtocolError(Code.INTERNAL, f"unknown code {message.code!r}: {message.message}")
    if code is Code.INTERNAL:
        return Internal(message.message)
    if code is Code.CONFLICT:
        return Conflict(message.message, message.state if isinstance(message, Error) else None)
    if message.retryable:
        return Unavailable(code, message.message)
    if code in _NOT_ALLOWED:
        return NotAllowed(message.message, code)
    if code in _FOR_THE_PERSON:
        return UserError(code, message.message)
    return ProtocolError(code, message.message)
