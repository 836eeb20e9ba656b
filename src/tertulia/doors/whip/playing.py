"""WHEP: somebody receives one sound and one picture, of the person in the path or of whomever the director picks."""

from collections.abc import Callable, Sequence
from typing import Final

from starlette.requests import Request

from tertulia.auth.admission import Pass
from tertulia.auth.tokens import check_claims
from tertulia.core import commands as cmd
from tertulia.core.ids import ParticipantId
from tertulia.core.model import Right, Role
from tertulia.core.permissions import effective_rights
from tertulia.doors.whip.endpoint import Endpoint, Entry, bearer
from tertulia.doors.whip.session import Session
from tertulia.errors import Code, NotAllowed, ProtocolError
from tertulia.media.outline import OfferedSection
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.directed import Directed
from tertulia.runtime.seat import Notice

NAME: Final = "Player"
"""Of one whom the token does not name."""


class WhepEndpoint(Endpoint):
    """A player comes as a viewer, whatever its token would allow. It may come before anybody sends: it waits for pictures in the room."""

    name = "whep"

    async def admit(self, request: Request, room: str, target: str | None) -> Pass:
        if target is not None:
            try:
                check_claims(identity=target, name=None)
            except ValueError as error:
                raise ProtocolError(Code.INVALID, str(error)) from None
        return await self.door.admission.admit(
            room=room, token=bearer(request.headers), name=NAME, door=self.name, scope=request.scope
        )

    def prepare(self, admitted: Pass, token: str | None, target: str | None, offer: Sequence[OfferedSection]) -> Entry:
        kinds = {section.kind for section in offer if section.receives}
        if not kinds:
            raise ProtocolError(Code.INVALID, "the offer receives nothing: a section that is recvonly is expected")
        rights = effective_rights(admitted.role, admitted.rights)
        if Right.SUBSCRIBE not in rights:
            raise NotAllowed(f"this takes the right {Right.SUBSCRIBE.value}")
        join = cmd.Join(
            participant=admitted.participant,
            name=admitted.name,
            role=admitted.role,
            rights=admitted.rights,
            p2p=False,
            auto_subscribe=False,
            on_duplicate=admitted.on_duplicate,
            # Who could let others in does not knock himself, though he comes as less.
            bypass=admitted.bypass or bool(rights & {Right.ADMIT, Right.MODERATE}),
            can_moderate=False,
            asked_role=Role.VIEWER,
        )
        directed = Directed(
            admitted.participant,
            only=None if target is None else ParticipantId(target),
            video="video" in kinds,
            audio="audio" in kinds,
        )
        return Entry(join, PlayingSession(admitted.participant, token, self.door.forget, directed), {})


class PlayingSession(Session):
    """Leaves as soon as its media is lost: nobody waits for a viewer, and a player that comes back makes a new session."""

    def __init__(
        self,
        participant: ParticipantId,
        token: str | None,
        on_over: Callable[[Session], None],
        directed: Directed,
    ) -> None:
        super().__init__(participant, token, on_over)
        self._directed = directed

    def deliver(self, notice: Notice) -> None:
        super().deliver(notice)
        self._directed.see(notice.event)

    def joined(self, actor: RoomActor) -> None:
        super().joined(actor)
        self._directed.start(actor.post)
