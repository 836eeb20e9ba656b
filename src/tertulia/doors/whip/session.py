"""Somebody who is in a room by HTTP alone: what RFC 9725 calls a session, and the room a seat."""

import asyncio
import contextlib
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import Final

from tertulia.core import commands as cmd
from tertulia.core import events as ev
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import Participant
from tertulia.errors import Code, NotAllowed, TertuliaError, Unavailable
from tertulia.media.ice_fragment import Credentials, is_current, restarted
from tertulia.media.port import ConnectionId
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.seat import Done, MediaLost, Notice, Offer, Request

_SAID_GOODBYE: Final = "dtls_closed"
"""The engine's reason where the client itself closed its connection."""


class Session:
    """Ends when it is deleted, when the room ends it, when media does not connect in time, or when it is lost: see `keeps_its_place`."""

    keeps_its_place = False
    """Whether it stays for the grace time when its media is lost, shown as not connected, rather than leave at once."""

    def __init__(self, participant: ParticipantId, token: str | None, on_over: Callable[["Session"], None]) -> None:
        """`token`: what it came with, and has to be shown again. `on_over` is called once."""
        self.id = secrets.token_urlsafe(24)
        """In the URL; whoever knows it may end the session, where no token is asked for."""
        self.participant = participant
        self.etag = _new_etag()
        """Names its ICE session (RFC 9725 section 4.3.1)."""
        self.over = False
        self.waits = False
        """It was not let in, and may be when somebody admits it."""
        self.actor: RoomActor | None = None
        self._connection = ConnectionId(secrets.token_urlsafe(12))
        self._token = None if token is None else _digest(token)
        self._on_over = on_over
        self._offer = ""
        self._serial = 0
        self._publications: Mapping[str, PublicationId] = {}
        self._timer: asyncio.TimerHandle | None = None

    # --- the room's side ---

    @property
    def connection(self) -> ConnectionId:
        return self._connection

    def deliver(self, notice: Notice) -> None:
        match notice.event:
            case ev.Waiting():
                self.waits = True
            case MediaLost():
                self._media_lost(notice.event.reason)
            case ev.SessionEnded() | ev.Denied():
                self._end()

    def joined(self, actor: RoomActor) -> None:
        """It is in, or waits. Called in the room's turn."""
        self.actor = actor

    @property
    def connected(self) -> bool:
        """Its media is up."""
        me = self._me()
        return me is not None and me.media

    def _me(self) -> Participant | None:
        if self.actor is None or self.actor.seat(self.participant) is not self:
            return None
        return next((who for who in self.actor.room.participants if who.id == self.participant), None)

    def _media_lost(self, reason: str) -> None:
        if self.keeps_its_place and self.connected and reason != _SAID_GOODBYE:
            self._stop_timer()
            self._post(cmd.Detach(self.participant))
        else:
            self.leave("left" if reason == _SAID_GOODBYE else "connection_lost")

    def _end(self) -> None:
        if self.over:
            return
        self.over = True
        self._stop_timer()
        self._on_over(self)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def leave(self, reason: str = "left") -> None:
        """Has it taken out of the room; nobody waits for that."""
        self._post(cmd.Leave(self.participant, reason))

    def _post(self, request: Request) -> None:
        if self.actor is not None and not self.over:
            self.actor.post(request)

    # --- the client's side ---

    def check_token(self, token: str | None) -> None:
        """Raises NotAllowed with token_required or not_allowed. The token may have expired meanwhile, as that of a socket may."""
        if self._token is None:
            return
        if token is None:
            raise NotAllowed("send the token with which this session began", Code.TOKEN_REQUIRED)
        if not hmac.compare_digest(self._token, _digest(token)):
            raise NotAllowed("this session began with another token")

    async def ask(self, request: Request) -> Done:
        """Raises what the room refuses it with."""
        if self.actor is None or self.over:
            raise Unavailable(Code.ROOM_ENDED, "the session has ended")
        outcome = await self.actor.request(request)
        if isinstance(outcome, TertuliaError):
            if outcome.code is Code.NO_SUCH_PARTICIPANT:
                raise Unavailable(Code.ROOM_ENDED, "the session has ended")
            raise outcome
        return outcome

    async def connect(self, offer: str, publications: Mapping[str, PublicationId], *, within: float) -> str:
        """Gives the answer; from now on the media has so many seconds to come up."""
        self._publications = publications
        answer = await self._negotiate(offer)
        if not self.over:
            self._timer = asyncio.get_running_loop().call_later(within, self._check_connected)
        return answer

    async def restart_ice(self, credentials: Credentials) -> str:
        """Gives the answer with our new credentials; there is a new `etag`. Where it fails all is as it was."""
        answer = await self._negotiate(restarted(self._offer, credentials))
        self.etag = _new_etag()
        return answer

    def is_restart(self, credentials: Credentials) -> bool:
        """Whether these are others than its client has used last."""
        return not is_current(self._offer, credentials)

    async def delete(self) -> None:
        """Ends it and waits until that is done."""
        with contextlib.suppress(Unavailable):
            await self.ask(cmd.Leave(self.participant))

    async def _negotiate(self, offer: str) -> str:
        self._serial += 1
        done = await self.ask(Offer(self.participant, self._serial, offer, self._publications))
        self._offer = offer
        return done.answer

    def _check_connected(self) -> None:
        if not self.connected:
            self.leave("connection_lost")


def _new_etag() -> str:
    return f'"{secrets.token_urlsafe(9)}"'


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
