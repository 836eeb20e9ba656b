"""Who may enter a room, and as whom."""

import secrets
import time
from dataclasses import dataclass

from tertulia.auth.tokens import TokenSigner, TokenVerifier
from tertulia.core.ids import ParticipantId
from tertulia.core.model import OnDuplicate, Right, Role
from tertulia.errors import Code, NotAllowed


@dataclass(frozen=True, slots=True)
class Pass:
    """How somebody comes in."""

    participant: ParticipantId
    name: str
    role: Role
    rights: frozenset[Right] | None
    """None: what the role gives."""
    on_duplicate: OnDuplicate
    only_if_room_has_waiting_room: bool
    """There was no token and the server is not open: a guest who may knock, and nothing else."""


INVITATION_LASTS = 24 * 3600.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """What goes into an invite link. `token` is None where none is needed or none can be made; `expires` in seconds since 1970."""

    token: str | None
    expires: float | None


class Admission:
    """Decides by token, and by whether the server is open."""

    def __init__(self, verifier: TokenVerifier, *, open: bool, signer: TokenSigner | None = None) -> None:
        """`open`: rooms need no token. Without a `signer` there are no invitations."""
        self._verifier = verifier
        self._signer = signer
        self.open = open

    def admit(self, *, room: str, token: str | None, name: str) -> Pass:
        """Raises NotAllowed with token_invalid, token_expired or wrong_room.

        A token is checked also where none is needed. The identity that a token names replaces itself; one made here is new.
        """
        if token is None:
            return Pass(_new_identity(), name, Role.SPEAKER, None, OnDuplicate.REFUSE, not self.open)
        if not self._verifier:
            raise NotAllowed("this server has no key to check tokens with", Code.TOKEN_INVALID)
        claims = self._verifier.verify(token, room)
        return Pass(
            participant=_new_identity() if claims.sub is None else ParticipantId(claims.sub),
            name=claims.name or name,
            role=Role(claims.role),
            rights=None if claims.can is None else frozenset(Right(grant) for grant in claims.can),
            on_duplicate=OnDuplicate.REFUSE if claims.sub is None else OnDuplicate.REPLACE,
            only_if_room_has_waiting_room=False,
        )

    def invite(self, room: str) -> Invitation:
        """For anyone who is given the link: role speaker, an identity of his own."""
        if self.open or self._signer is None:
            return Invitation(None, None)
        token = self._signer.sign(room=room, role=Role.SPEAKER.value, ttl=INVITATION_LASTS)
        return Invitation(token, time.time() + INVITATION_LASTS)


def _new_identity() -> ParticipantId:
    return ParticipantId("p-" + secrets.token_hex(8))
