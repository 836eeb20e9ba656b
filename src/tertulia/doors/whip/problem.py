"""With which status a request to WHIP or WHEP fails."""

from collections.abc import Mapping
from typing import Final

from tertulia.doors.session.problem import Problems
from tertulia.errors import Code

_STATUSES: Final[Mapping[Code, int]] = {
    Code.MALFORMED: 400,
    Code.BAD_OFFER: 400,
    Code.TOKEN_REQUIRED: 401,
    Code.TOKEN_INVALID: 401,
    Code.TOKEN_EXPIRED: 401,
    Code.WRONG_ROOM: 403,
    Code.DENIED: 403,
    Code.NOT_ALLOWED: 403,
    Code.ROOM_LOCKED: 403,
    Code.SESSION_GONE: 404,
    Code.JOIN_TIMEOUT: 408,
    Code.IDENTITY_TAKEN: 409,
    Code.TOO_LARGE: 413,
    Code.INVALID: 422,
    Code.NO_COMMON_CODEC: 422,
    Code.TOO_MANY_PUBLICATIONS: 422,
    Code.TOO_MANY_SECTIONS: 422,
    Code.TOO_MANY_MESSAGES: 429,
    Code.ROOM_FULL: 503,
    Code.ROOM_ENDED: 503,
    Code.TOO_MANY_CONNECTIONS: 503,
    Code.TOO_MANY_ROOMS: 503,
    Code.MEDIA_UNAVAILABLE: 503,
    Code.SERVER_STOPPING: 503,
}
_RETRY_AFTER: Final = {409: 10, 429: 1, 503: 5}
"""The place of an encoder that has crashed is free when its silence is noticed, after 20 s at most."""

PROBLEMS: Final = Problems(_STATUSES, _RETRY_AFTER)
