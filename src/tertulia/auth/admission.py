"""Who may enter a room, and as whom."""

import asyncio
import inspect
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from tertulia.auth.authorize import Grant, Hook, JoinRequest, Refuse
from tertulia.auth.tokens import Claims, TokenSigner, TokenVerifier, check_claims
from tertulia.core.ids import ParticipantId
from tertulia.core.model import OnDuplicate, Right, Role
from tertulia.errors import Code, Internal, NotAllowed, ProtocolError
from tertulia.topic_rule import NO_GRANTS, TopicGrants

log = structlog.get_logger(__name__)

HOOK_TIMEOUT = 5.0
"""Seconds that an app's hook may take."""
INVITATION_LASTS = 24 * 3600.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Pass:
    """How somebody comes in."""

    participant: ParticipantId
    name: str
    role: Role
    rights: frozenset[Right] | None
    """None: what the role gives."""
    on_duplicate: OnDuplicate
    knock_only: bool
    """There was no token and the server is not open: a guest who may knock, and nothing else."""
    bypass: bool = False
    """Past lock and waiting room."""
    topics: TopicGrants = NO_GRANTS
    """On topics of the server, besides what is declared for everyone."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """What goes into an invite link. `token` is None where none is needed or none can be made; `expires` in seconds since 1970."""

    token: str | None
    expires: float | None


class Admission:
    """Decides by token, by whether the server is open, and by what the app's own hook says."""

    def __init__(self, verifier: TokenVerifier, *, open: bool, signer: TokenSigner | None = None) -> None:
        """`open`: rooms need no token. Without a `signer` there are no invitations."""
        self._verifier = verifier
        self._signer = signer
        self.open = open
        self._hook: Hook | None = None

    def ask(self, hook: Hook) -> None:
        """From now on this is asked at each join. Raises ValueError for a second one, TypeError for a function that is not async."""
        if self._hook is not None:
            raise ValueError("there is an authorize hook already")
        if not inspect.iscoroutinefunction(hook):
            raise TypeError("the authorize hook is an async function")
        self._hook = hook

    async def admit(
        self,
        *,
        room: str,
        token: str | None,
        name: str,
        door: str,
        scope: Mapping[str, Any],
        identity: str | None = None,
    ) -> Pass:
        """`door` and the ASGI `scope` of the connection are for the hook; `identity` is what a protocol names that names one itself.

        A token is checked also where none is needed. The identity that a token names replaces itself; one made here is new; one that the
        protocol names is taken where nobody has it. Raises NotAllowed with token_required (an identity named without a token on a server
        that takes tokens), not_allowed (the token is for another one), token_invalid, token_expired or wrong_room, ProtocolError (invalid)
        for what cannot be an identity, Refuse, and Internal for a hook that fails or takes too long.
        """
        claims = self._claims(room, token)
        by_token = self._by_token(claims, name)
        if identity is not None:
            by_token = self._named(by_token, claims, identity)
        if self._hook is None:
            return by_token
        grant = await _ask(self._hook, JoinRequest(room, name, claims, door, scope))
        return by_token if grant is None else _granted(grant, by_token)

    def invite(self, room: str, role: Role) -> Invitation:
        """For anyone who is given the link: this role, an identity of his own."""
        if self.open or self._signer is None:
            return Invitation(None, None)
        token = self._signer.sign(room=room, role=role.value, ttl=INVITATION_LASTS)
        return Invitation(token, time.time() + INVITATION_LASTS)

    def _claims(self, room: str, token: str | None) -> Claims | None:
        if token is None:
            return None
        if not self._verifier:
            raise NotAllowed("this server has no key to check tokens with", Code.TOKEN_INVALID)
        return self._verifier.verify(token, room)

    def _named(self, entry: Pass, claims: Claims | None, identity: str) -> Pass:
        try:
            check_claims(identity=identity, name=None)
        except ValueError as error:
            raise ProtocolError(Code.INVALID, str(error)) from None
        if claims is None and not self.open and self._hook is None:
            raise NotAllowed("this server takes a token", Code.TOKEN_REQUIRED)
        if claims is not None and claims.sub not in (None, identity):
            raise NotAllowed("the token is for another identity")
        return replace(entry, participant=ParticipantId(identity))

    def _by_token(self, claims: Claims | None, name: str) -> Pass:
        if claims is None:
            return Pass(_new_identity(), name, Role.SPEAKER, None, OnDuplicate.REFUSE, not self.open)
        return Pass(
            participant=_new_identity() if claims.sub is None else ParticipantId(claims.sub),
            name=claims.name or name,
            role=Role(claims.role),
            rights=None if claims.can is None else frozenset(Right(grant) for grant in claims.can),
            on_duplicate=OnDuplicate.REFUSE if claims.sub is None else OnDuplicate.REPLACE,
            knock_only=False,
            topics=claims.topics,
        )


async def _ask(hook: Hook, request: JoinRequest) -> Grant | None:
    try:
        async with asyncio.timeout(HOOK_TIMEOUT):
            grant = await hook(request)
        if grant is not None:
            check_claims(identity=grant.identity, name=grant.name, role=grant.role or "speaker", can=grant.can)
    except Refuse:
        raise
    except Exception:
        log.exception("authorize hook failed", room=request.room, identity=request.identity)
        raise Internal("whether you may come in could not be decided") from None
    return grant


def _granted(grant: Grant, by_token: Pass) -> Pass:
    entry = replace(by_token, knock_only=False, bypass=grant.bypass)
    if grant.identity is not None:
        entry = replace(entry, participant=ParticipantId(grant.identity), on_duplicate=OnDuplicate.REPLACE)
    if grant.name is not None:
        entry = replace(entry, name=grant.name)
    if grant.role is not None:
        entry = replace(entry, role=Role(grant.role), rights=None)
    if grant.topics is not None:
        entry = replace(entry, topics=grant.topics)
    if grant.can is not None:
        entry = replace(entry, rights=frozenset(Right(right) for right in grant.can))
    return entry


def _new_identity() -> ParticipantId:
    return ParticipantId("p-" + secrets.token_hex(8))
