"""Namespaces that come about when a client asks for them."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from tertulia.socketio.handlers import Handlers
from tertulia.socketio.namespace import Namespace
from tertulia.socketio.options import Options

Matcher = re.Pattern[str] | Callable[[str, dict[str, Any]], Awaitable[bool] | bool]
"""A pattern for the whole name, or a function of name and auth."""

NAMESPACES = 10_000
"""That one matcher may have open."""


class DynamicNamespace(Handlers):
    """Handlers and middleware of every namespace that its matcher lets come about. Such a namespace is there as long as somebody is in it,
    or may come back to it."""

    def __init__(self, matcher: Matcher, options: Options) -> None:
        super().__init__()
        self._matcher = matcher
        self._options = options
        self._open: dict[str, Namespace] = {}

    @property
    def namespaces(self) -> list[Namespace]:
        return list(self._open.values())

    def emit(self, event: str, *args: Any, volatile: bool = False) -> None:
        """To everybody in each of them."""
        for namespace in self.namespaces:
            namespace.emit(event, *args, volatile=volatile)

    async def match(self, name: str, auth: dict[str, Any]) -> Namespace | None:
        if name in self._open:
            return self._open[name]
        if isinstance(self._matcher, re.Pattern):
            matches = self._matcher.fullmatch(name) is not None
        else:
            answer = self._matcher(name, auth)
            matches = answer if isinstance(answer, bool) else await answer
        if not matches:
            return None
        # Asked again, for somebody else may have come while the matcher thought.
        if name not in self._open:
            if len(self._open) >= NAMESPACES:
                return None
            self._open[name] = Namespace(name, self._options, self)
        return self._open[name]

    def forget(self, namespace: Namespace) -> None:
        if self._open.get(namespace.name) is namespace and namespace.empty:
            del self._open[namespace.name]
