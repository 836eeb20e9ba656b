"""With which status a request for files fails."""

from collections.abc import Mapping
from typing import Final

from tertulia.doors.session.problem import Problems
from tertulia.errors import Code

_STATUSES: Final[Mapping[Code, int]] = {
    Code.TOKEN_REQUIRED: 401,
    Code.TOKEN_INVALID: 401,
    Code.TOKEN_EXPIRED: 401,
    Code.WRONG_ROOM: 403,
    Code.DENIED: 403,
    Code.NOT_ALLOWED: 403,
    Code.ROOM_LOCKED: 403,
    Code.NO_SUCH_FILE: 404,
    Code.NO_SUCH_PARTICIPANT: 404,
    Code.JOIN_TIMEOUT: 408,
    Code.TOO_LARGE: 413,
    Code.TYPE_REFUSED: 415,
    Code.INVALID: 422,
    Code.TOO_MANY_MESSAGES: 429,
    Code.TOO_MANY_UPLOADS: 429,
    Code.ROOM_ENDED: 503,
    Code.TOO_MANY_CONNECTIONS: 503,
    Code.STORE_FAILED: 503,
    Code.STORAGE_FULL: 507,
}

PROBLEMS: Final = Problems(_STATUSES, {429: 5, 503: 5})
