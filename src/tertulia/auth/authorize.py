"""What an app's own code is asked before somebody joins, and what it may answer."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import cookie_parser

from tertulia.auth.tokens import Claims, Role
from tertulia.auth.tokens import Grant as Can
from tertulia.errors import Code, UserError
from tertulia.topic_rule import TopicGrants


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """Somebody at the door. What a token says is verified; `name` is what the person typed."""

    room: str
    name: str
    claims: Claims | None
    """What the token says; None: there was none."""
    door: str
    """The protocol: native, whip, whep, or that of another door; `ice_servers` where somebody asks for these before a join."""
    scope: Mapping[str, Any] = field(repr=False)
    """The ASGI scope of the connection: what middleware of the surrounding app has put there, such as `session` or `user`."""

    @property
    def identity(self) -> str | None:
        """The one that the token names."""
        return None if self.claims is None else self.claims.sub

    @property
    def address(self) -> str:
        """The peer's IP address, as the ASGI server gives it; empty where it does not."""
        client = self.scope.get("client")
        return client[0] if client else ""

    @property
    def headers(self) -> Mapping[str, str]:
        """Of the HTTP request that opened the connection; names in any case."""
        return Headers(raw=list(self.scope["headers"]))

    @property
    def cookies(self) -> Mapping[str, str]:
        """A browser sends them also from pages of an origin that `allow_origin` names; none of another ever comes this far."""
        return cookie_parser(self.headers.get("cookie", ""))


@dataclass(frozen=True, slots=True)
class Grant:
    """Lets somebody in, with a token or without one. What is None is as the token says, or as for anybody who comes without one."""

    identity: str | None = None
    """The same identity joining again replaces itself. 1 to 64 of `A-Za-z0-9_.@:+~-`."""
    name: str | None = None
    """The name that others see, 1 to 64 characters."""
    role: Role | None = None
    can: Collection[Can] | None = None
    """Exactly these grants; None with a `role`: what that role gives."""
    bypass: bool = False
    """Past a locked room's lock and a waiting room."""
    topics: TopicGrants | None = None
    """On topics of the server, besides what is declared for everyone."""


class Refuse(UserError):
    """Raised by the hook: this person may not come in. The message is shown to him; the code is `denied`."""

    def __init__(self, message: str = "you may not enter this room") -> None:
        super().__init__(Code.DENIED, message)


Hook = Callable[[JoinRequest], Awaitable[Grant | None]]
