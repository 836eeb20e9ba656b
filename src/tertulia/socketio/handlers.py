"""The functions that an application has for a namespace. They may be `async` or not."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from tertulia.socketio.parser import RESERVED

F = TypeVar("F", bound=Callable[..., Any])

ANY = "*"
"""Name under which what handles all other events is registered."""
LIFE = frozenset({"connect", "disconnect"})


class Handler:
    """One function, and how many arguments it takes after the socket: clients decide how many they send."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        # An object may be called too, if it has an async __call__.
        self.is_async = any(map(inspect.iscoroutinefunction, (function, type(function).__call__)))
        self.least, self.most = _arity(function)

    def takes(self, arguments: int) -> bool:
        return self.least <= arguments + 1 and (self.most is None or arguments + 1 <= self.most)

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)


class Handlers:
    """Registered by decorator, once for each event."""

    def __init__(self) -> None:
        self._events: dict[str, Handler] = {}
        self._middleware: list[Callable[[Any], Awaitable[None] | None]] = []

    def on(self, event: str) -> Callable[[F], F]:
        """Decorator: calls the function with the socket and the event's arguments. What it returns acknowledges the event: None by no
        argument, a tuple by several.

        `connect` (socket) and `disconnect` (socket, reason) tell of the socket's life; `*` (socket, event, arguments…) gets every event
        that has no function of its own. Raises ValueError for a name that has one already or cannot be sent.
        """
        if event in RESERVED - LIFE or event in self._events:
            raise ValueError(f"{event!r} is reserved, or has its handler")

        def register(function: F) -> F:
            self._events[event] = Handler(function)
            return function

        return register

    def use(self, function: F) -> F:
        """Decorator: asks this function about each socket before it is connected, in the order of registration. It raises ConnectRefused
        to send the client away."""
        self._middleware.append(function)
        return function

    @property
    def middleware(self) -> list[Callable[[Any], Awaitable[None] | None]]:
        return self._middleware

    def life(self, event: str) -> Handler | None:
        return self._events.get(event)

    def find(self, event: str, args: list[Any]) -> tuple[Handler | None, list[Any]]:
        """For an event of a client, and what to call it with."""
        handler = self._events.get(event)
        if handler is not None and event != ANY:
            return handler, args
        return self._events.get(ANY), [event, *args]


def _arity(function: Callable[..., Any]) -> tuple[int, int | None]:
    """Positional arguments that it needs, and that it takes at most."""
    least, most = 0, 0
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            return least, None
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            most += 1
            least += parameter.default is parameter.empty
    return least, most
