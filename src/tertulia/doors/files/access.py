"""Who uploads: somebody in the room by a grant, or a program by a join token."""

import hashlib
from dataclasses import dataclass

from starlette.requests import Request

from tertulia.auth.admission import Admission, Pass
from tertulia.auth.file_tickets import PREFIX, FileTickets
from tertulia.core.ids import ParticipantId
from tertulia.core.model import OnDuplicate, Right
from tertulia.core.permissions import effective_rights
from tertulia.errors import Code, NotAllowed
from tertulia.runtime.files import FileDesk
from tertulia.store.files import Sender

DOOR = "files"


@dataclass(frozen=True, slots=True)
class Uploader:
    sender: Sender
    owner: str
    """On whose account the upload goes."""


class Access:
    def __init__(self, desk: FileDesk, tickets: FileTickets, admission: Admission) -> None:
        self._desk = desk
        self._tickets = tickets
        self._admission = admission

    async def uploader(self, request: Request, room: str) -> Uploader:
        """Raises NotAllowed with token_required, token_invalid, token_expired, wrong_room, room_locked or not_allowed, and Refuse."""
        token = bearer(request)
        if token is None:
            raise NotAllowed("send leave to upload: Authorization: Bearer …", Code.TOKEN_REQUIRED)
        if token.startswith(PREFIX):
            sender = self._desk.uploader(room, self._tickets.granted(token, room))
            return Uploader(sender, str(sender.id))
        entry = await self._admission.admit(room=room, token=token, name="", door=DOOR, scope=request.scope)
        if entry.knock_only:
            raise NotAllowed("this takes a token", Code.TOKEN_REQUIRED)
        return self._by_token(room, entry, token)

    def _by_token(self, room: str, entry: Pass, token: str) -> Uploader:
        """Somebody who could come in, and need not."""
        rights = effective_rights(entry.role, entry.rights)
        if Right.DATA not in rights:
            raise NotAllowed(f"this takes the right {Right.DATA.value}")
        if self._desk.is_closed(room) and not entry.bypass and not rights & {Right.ADMIT, Right.MODERATE}:
            raise NotAllowed("who comes into this room now has to be let in", Code.ROOM_LOCKED)
        if entry.on_duplicate is not OnDuplicate.REPLACE:
            # It names nobody: the same name for each request with it.
            who = ParticipantId("t-" + hashlib.sha256(token.encode()).hexdigest()[:16])
            return Uploader(Sender(who, entry.name or who), who)
        return Uploader(Sender(entry.participant, entry.name or entry.participant), entry.participant)


def bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
