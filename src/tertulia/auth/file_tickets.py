"""Leave to upload files to a room, and links to download one: both end, and neither is good for anything else."""

import hashlib
import hmac
import math
import secrets
import time
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import quote

import jwt

from tertulia.core.ids import ParticipantId
from tertulia.errors import Code, NotAllowed

GRANT_LASTS: Final = 3600.0
"""Seconds. Whoever holds one has to be in the room, too."""
LINK_LASTS: Final = 900.0
"""Seconds that a link is good for at least; at most twice that. Links that are made in the same quarter of an hour are the same, so that a
browser loads a picture once."""
PREFIX: Final = "grant."
"""Tells a grant from a join token, which is a JWT, too."""
_ALGORITHM: Final = "HS256"
_MAX_BYTES: Final = 2048

Kind = Literal["file", "preview"]


@dataclass(frozen=True, slots=True)
class Grant:
    token: str
    expires: float
    """Seconds since 1970."""


class FileTickets:
    """Made and checked here alone."""

    def __init__(self, secret: str | None) -> None:
        """`secret`: the server's, so that what was given before a restart is good after it; None: it ends with this process."""
        key = secrets.token_bytes(32) if secret is None else secret.encode()
        # Keys of their own: no token of rooms can be made of these, nor the other way round.
        self._grants = hmac.digest(key, b"tertulia: leave to upload files", "sha256")
        self._links = hmac.digest(key, b"tertulia: links to files", "sha256")

    def grant(self, room: str, who: ParticipantId, *, now: float | None = None) -> Grant:
        """Leave for this person to upload to this room, as long as he may."""
        expires = int((time.time() if now is None else now) + GRANT_LASTS)
        token = jwt.encode({"room": room, "sub": who, "exp": expires}, self._grants, algorithm=_ALGORITHM)
        return Grant(PREFIX + token, expires)

    def granted(self, token: str, room: str) -> ParticipantId:
        """Who was given it. Raises NotAllowed with token_invalid, token_expired, wrong_room."""
        if len(token) > _MAX_BYTES:
            raise NotAllowed("this gives no leave to upload", Code.TOKEN_INVALID)
        try:
            payload: dict[str, Any] = jwt.decode(
                token.removeprefix(PREFIX), self._grants, algorithms=[_ALGORITHM], options={"require": ["exp", "sub"]}
            )
        except jwt.ExpiredSignatureError:
            raise NotAllowed("this leave to upload has ended: ask for another", Code.TOKEN_EXPIRED) from None
        except (jwt.InvalidTokenError, ValueError, RecursionError):
            raise NotAllowed("this gives no leave to upload", Code.TOKEN_INVALID) from None
        if payload.get("room") != room:
            raise NotAllowed("this leave to upload is for another room", Code.WRONG_ROOM)
        return ParticipantId(payload["sub"])

    def link(self, room: str, file: str, name: str, *, now: float | None = None) -> str:
        """Where the file is, relative to where the server is mounted. `name` is for people, and for programs that call what they fetch by
        the end of its URL."""
        return self._link(room, file, "file", f"{_part(file)}/{_part(name)}", now)

    def preview_link(self, room: str, file: str, *, now: float | None = None) -> str:
        return self._link(room, file, "preview", f"preview/{_part(file)}", now)

    def _link(self, room: str, file: str, kind: Kind, path: str, now: float | None) -> str:
        expires = self.link_expires(now=now)
        signature = self._signature(room, file, kind, expires)
        return f"files/{_part(room)}/{path}?expires={expires}&signature={signature}"

    def link_expires(self, *, now: float | None = None) -> int:
        """When links that are made now end, in seconds since 1970."""
        return (math.floor((time.time() if now is None else now) / LINK_LASTS) + 2) * int(LINK_LASTS)

    def check(self, room: str, file: str, kind: Kind, expires: str, text: str, *, now: float | None = None) -> None:
        """Raises NotAllowed with token_required (there is no signature), token_invalid or token_expired."""
        if not expires or not text:
            raise NotAllowed("this takes a signed link", Code.TOKEN_REQUIRED)
        if not expires.isascii() or not expires.isdecimal() or len(expires) > 12:
            raise NotAllowed("this link was not made here", Code.TOKEN_INVALID)
        wanted = self._signature(room, file, kind, int(expires))
        if not hmac.compare_digest(wanted.encode(), text.encode("utf-8", "replace")):
            raise NotAllowed("this link was not made here, or for something else", Code.TOKEN_INVALID)
        if int(expires) <= (time.time() if now is None else now):
            raise NotAllowed("this link has ended: ask for another", Code.TOKEN_EXPIRED)

    def _signature(self, room: str, file: str, kind: Kind, expires: int) -> str:
        # No part of it can have a line break: the room's name is checked before, the others are ours.
        said = "\n".join((room, file, kind, str(expires)))
        return hmac.new(self._links, said.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _part(text: str) -> str:
    """Of a path: a name of dots alone would be taken for a folder."""
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")
