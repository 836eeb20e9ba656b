"""The HTTP that WHIP and WHEP share: an endpoint takes an offer and makes a session, which is changed and ended at a URL of its own."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from tertulia.auth.admission import Pass
from tertulia.auth.reached import reached
from tertulia.core import commands as cmd
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import OnDuplicate
from tertulia.core.room import Room
from tertulia.doors.session.problem import Refused
from tertulia.doors.whip.body import read_text
from tertulia.doors.whip.problem import PROBLEMS
from tertulia.doors.whip.session import Session
from tertulia.errors import Code, NotAllowed, ProtocolError, TertuliaError, Unavailable, UserError
from tertulia.media.ice_fragment import fragment_of, parse_fragment
from tertulia.media.outline import OfferedSection, outline
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.seat import Outcome
from tertulia.wire import native as wire

if TYPE_CHECKING:
    from tertulia.doors.whip.door import WhipDoor

log = structlog.get_logger(__name__)

SDP: Final = "application/sdp"
FRAGMENT: Final = "application/trickle-ice-sdpfrag"
_EXPOSED: Final = ("Location", "ETag", "Link", "Accept-Patch", "Accept-Post", "Retry-After", "WWW-Authenticate")

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Entry:
    """How somebody enters: as whom, by which session, and what he publishes."""

    join: cmd.Join
    session: Session
    publish: Mapping[str, cmd.Publish]
    """By mid."""


class Endpoint(ABC):
    """One of the two protocols."""

    name: str

    def __init__(self, door: "WhipDoor") -> None:
        self.door = door

    @abstractmethod
    async def admit(self, request: Request, room: str, target: str | None) -> Pass:
        """`target`: the identity in the path. Raises what `Admission.admit` raises."""

    @abstractmethod
    def prepare(self, admitted: Pass, token: str | None, target: str | None, offer: Sequence[OfferedSection]) -> Entry:
        """Raises TertuliaError for what it does not take."""

    def mount(self) -> Mount:
        endpoint = {"POST": self._create, "OPTIONS": self._describe}
        session = {"PATCH": self._change, "DELETE": self._delete, "OPTIONS": self._describe_session}
        routes = [
            Route("/{room}", self._answered(endpoint), methods=list(endpoint)),
            Route("/{room}/{identity}", self._answered(endpoint), methods=list(endpoint)),
            Route("/{room}/session/{id}", self._answered(session), methods=list(session)),
        ]
        cors = Middleware(
            _Cors,
            allow_origins=list(self.door.options.allow_origins),
            allow_methods=["POST", "PATCH", "DELETE"],
            allow_headers=["authorization", "content-type", "if-match"],
            expose_headers=_EXPOSED,
        )
        handlers = {HTTPException: self._not_routed}
        return Mount(f"/{self.name}", Starlette(routes=routes, middleware=[cors], exception_handlers=handlers))

    # --- what is asked ---

    async def _create(self, request: Request) -> Response:
        _check_accept(request.headers)
        room, target, token = _room(request), request.path_params.get("identity"), bearer(request.headers)
        address = _address(request)
        if not self.door.connections.enter(address):
            raise Unavailable(Code.TOO_MANY_CONNECTIONS, "too many sessions are open")
        kept: list[Session] = []
        try:
            # Who may not enter is not read.
            admitted = await self.admit(request, room, target)
            if admitted.knock_only:
                raise NotAllowed("this server takes a token", Code.TOKEN_REQUIRED)
            text = await self._read(request, SDP, {"accept-post": SDP})
            entry = self.prepare(admitted, token, target, outline(text))
            await self._join(room, entry, lambda: kept.append(self.door.keep(entry.session, address)))
        finally:
            if not kept:
                self.door.connections.leave(address)
        try:
            answer = await self._open(entry, text)
        except BaseException:
            entry.session.leave()
            raise
        where = f"{request.scope['root_path']}/{quote(room)}/session/{entry.session.id}"
        headers = {"location": where, "etag": entry.session.etag, "accept-patch": FRAGMENT, "cache-control": "no-store"}
        response = Response(answer, 201, headers, SDP)
        _add_links(response, self._ice_servers(request))
        return response

    async def _change(self, request: Request) -> Response:
        session = self._session(request)
        credentials = parse_fragment(await self._read(request, FRAGMENT, {"accept-patch": FRAGMENT}))
        _check_match(request.headers, session.etag)
        if credentials is None or not session.is_restart(credentials):
            # New candidates of the client mean nothing to an ICE-lite server: it answers whoever reaches it.
            return Response(status_code=204)
        answer = await session.restart_ice(credentials)
        return Response(fragment_of(answer), 200, {"etag": session.etag, "cache-control": "no-store"}, FRAGMENT)

    async def _delete(self, request: Request) -> Response:
        await self._session(request).delete()
        return Response(status_code=200, headers={"cache-control": "no-store"})

    async def _describe(self, request: Request) -> Response:
        """Only who may enter gets credentials. A preflight does not come this far, as RFC 9725 section 4.6 wants it."""
        response = Response(headers={"allow": "OPTIONS, POST", "accept-post": SDP, "cache-control": "no-store"})
        servers = self._ice_servers(request)
        if not await self._may_enter(request):
            servers = [server for server in servers if server.credential is None]
        _add_links(response, servers)
        return response

    async def _describe_session(self, request: Request) -> Response:
        return Response(headers={"allow": "DELETE, OPTIONS, PATCH", "accept-patch": FRAGMENT})

    # --- entering ---

    async def _join(self, room: str, entry: Entry, keep: Callable[[], None]) -> None:
        """Raises what the room refuses it with. `keep` is called in the room's turn, when it is in."""
        outcomes: list[Outcome] = []

        def replied(actor: RoomActor, outcome: Outcome) -> None:
            outcomes.append(outcome)
            if not isinstance(outcome, TertuliaError):
                entry.session.joined(actor)
                keep()

        # Whom a token names replaces himself anyway; another may only take the place of one who is silent.
        named_by_token = entry.join.on_duplicate is OnDuplicate.REPLACE
        join = replace(entry.join, on_duplicate=OnDuplicate.REPLACE)
        check = None if named_by_token else lambda now: self._check_free(now, join.participant)
        await self.door.hub.join(room, join, entry.session, replied, check)
        for outcome in outcomes:
            if isinstance(outcome, TertuliaError):
                raise outcome

    def _check_free(self, room: Room, who: ParticipantId) -> None:
        """Raises UserError (identity_taken), but not for an encoder whose media is lost: that is how one comes back after a crash."""
        there = any(other.id == who for other in (*room.participants, *room.waiting))
        if there and not self.door.has_lost(room, who):
            raise UserError(Code.IDENTITY_TAKEN, "somebody with this identity is here already")

    async def _open(self, entry: Entry, offer: str) -> str:
        session = entry.session
        if session.waits:
            raise NotAllowed("people are let in one by one here, and this cannot wait: its token needs the right admit")
        publications: dict[str, PublicationId] = {}
        for mid, publish in entry.publish.items():
            await session.ask(publish)
            publications[mid] = publish.publication
        return await session.connect(offer, publications, within=self.door.options.connect_timeout)

    # --- what all requests have in common ---

    def _answered(self, handlers: Mapping[str, Handler]) -> Handler:
        async def answered(request: Request) -> Response:
            try:
                self.door.spend(_address(request))
                return await handlers[request.method](request)
            except ClientDisconnect:
                return Response(status_code=400)
            except (Refused, TertuliaError) as error:
                return self._refuse(error)
            except Exception as error:
                # Here and not in a handler of the framework's, whose answer a page of another origin could not read.
                log.exception("request failed", method=request.method)
                return self._refuse(error)

        return answered

    def _refuse(self, error: Exception) -> Response:
        code, response = PROBLEMS.answer_to(error)
        self.door.count_refused(code)
        return response

    async def _not_routed(self, request: Request, error: Exception) -> Response:
        return self._refuse(error)

    async def _read(self, request: Request, media_type: str, on_wrong: Mapping[str, str]) -> str:
        return await read_text(request, media_type, within=self.door.options.body_timeout, on_wrong=on_wrong)

    def _session(self, request: Request) -> Session:
        session = self.door.sessions.get(request.path_params["id"])
        if session is None or session.actor is None or session.actor.name != request.path_params["room"]:
            raise ProtocolError(Code.SESSION_GONE, "there is no such session, or it has ended")
        session.check_token(bearer(request.headers))
        return session

    async def _may_enter(self, request: Request) -> bool:
        try:
            admitted = await self.admit(request, _room(request), request.path_params.get("identity"))
        except TertuliaError:
            return False
        return not admitted.knock_only

    def _ice_servers(self, request: Request) -> Sequence[wire.IceServer]:
        return self.door.ice_servers.issue(reached(request.scope)).sfu


class _Cors(CORSMiddleware):
    """Also the answer to a preflight says what can be sent (RFC 9725 section 4.2)."""

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        response.headers["accept-post"] = SDP
        return response


def bearer(headers: Headers) -> str | None:
    """The token of a request; None: it has none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _add_links(response: Response, servers: Sequence[wire.IceServer]) -> None:
    """RFC 9725 section 4.6."""
    for server in servers:
        credentials = ""
        if server.credential is not None:
            credentials = (
                f'; username="{server.username}"; credential="{server.credential}"; credential-type="password"'
            )
        for url in server.urls:
            response.headers.append("link", f'<{url}>; rel="ice-server"{credentials}')


def _check_accept(headers: Headers) -> None:
    """Raises Refused (406) for a client that would not understand the answer."""
    ranges = [item.partition(";")[0].strip().lower() for item in headers.get("accept", "*/*").split(",")]
    if not any(item in (SDP, "application/*", "*/*", "") for item in ranges):
        raise Refused(406, "not_acceptable", f"the answer is {SDP}")


def _check_match(headers: Headers, etag: str) -> None:
    """Raises Refused: 428 without If-Match, 412 for another ICE session (RFC 9725 section 4.3.1)."""
    if "if-match" not in headers:
        raise Refused(
            428, "precondition_required", "send If-Match with the ETag of the ICE session, or * to restart it"
        )
    tags = [tag.strip() for tag in headers["if-match"].split(",")]
    if tags != ["*"] and etag not in tags:
        raise Refused(412, "precondition_failed", "this is about an earlier ICE session")


def _room(request: Request) -> str:
    """Raises ProtocolError (invalid)."""
    try:
        return msgspec.convert(request.path_params["room"], wire.RoomName)
    except msgspec.ValidationError as error:
        raise ProtocolError(Code.INVALID, f"not the name of a room: {error}") from None


def _address(request: Request) -> str:
    return "" if request.client is None else request.client.host
