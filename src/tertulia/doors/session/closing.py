"""How a session's end is said on a WebSocket, at every door alike."""

from tertulia.errors import Code

RETRYABLE = frozenset(
    {
        Code.TOO_MANY_MESSAGES, Code.ROOM_FULL, Code.ROOM_LOCKED, Code.TOO_MANY_CONNECTIONS, Code.TOO_MANY_ROOMS, Code.JOIN_TIMEOUT,
        Code.STORE_FAILED, Code.TOO_MANY_DOCUMENTS,
        Code.MEDIA_UNAVAILABLE, Code.TOO_SLOW, Code.HEARTBEAT_LOST, Code.SERVER_STOPPING, Code.INTERNAL,
        Code.STORAGE_FULL, Code.TOO_MANY_UPLOADS,
    }
)  # fmt: skip
_BROKEN_RULE = frozenset(
    {Code.MALFORMED, Code.UNKNOWN_TYPE, Code.WRONG_ORDER, Code.TOO_MANY_MESSAGES, Code.JOIN_TIMEOUT}
)


def close_code(code: Code) -> int:
    """The WebSocket close code that goes with it."""
    if code is Code.TOO_LARGE:
        return 1009
    if code in _BROKEN_RULE:
        return 1008
    return 1013 if code in RETRYABLE else 1000
