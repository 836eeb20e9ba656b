"""What is said in a room, as one stream over all sessions, and what one says oneself."""

import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TYPE_CHECKING

from tertulia.client.events import EventStream
from tertulia.client.session import Status
from tertulia.errors import Code, TertuliaError
from tertulia.wire import native

if TYPE_CHECKING:
    from tertulia.client.client import Client

PAGE = 100
"""Messages that are asked for at a time, after coming back."""
REMEMBERED = 1000
"""Messages of which is remembered how they were given last."""

Make = Callable[[int], native.Message]
Heard = native.Joined | native.ChatReceived | native.ChatChanged


class Chat:
    """The chat of a room. Messages are told from each other by their `id`.

    What changes something returns when the server has kept it; over a lost connection it waits, and nothing is said or done twice. It
    raises TertuliaError: `store_failed` where it cannot be kept, `no_such_message` where there is none, or it was deleted.
    """

    def __init__(self, client: "Client") -> None:
        self._client = client

    async def __call__(self, text: str, to: str | None = None) -> None:
        """The same as `send`."""
        await self.send(text, to)

    async def send(self, text: str, to: str | None = None) -> None:
        """To everyone, or to one person. It comes back as `ChatReceived`."""
        key = secrets.token_urlsafe(16)
        await self._surely(lambda n: native.Chat(id=n, text=text, to=to, key=key))

    async def edit(self, message: str, text: str) -> None:
        """Gives one of one's own messages another text. It comes back as `ChatChanged`. Raises also `not_allowed`."""
        await self._surely(lambda n: native.ChatEdit(id=n, message=message, text=text))

    async def delete(self, message: str) -> None:
        """One's own; a moderator anybody's. What comes back as `ChatChanged` has no text. Raises also `not_allowed`."""
        await self._surely(lambda n: native.ChatDelete(id=n, message=message))

    async def react(self, message: str, reaction: str, on: bool = True) -> None:
        """Puts a sign of at most 16 characters under a message, or takes it away. Raises also `invalid` where there are too many."""
        await self._surely(lambda n: native.ChatReact(id=n, message=message, reaction=reaction, on=on))

    async def typing(self, active: bool = True, to: str | None = None) -> None:
        """Says that one writes something, to everybody or to one. It ends after six seconds, and with the message."""
        await self._client.request(lambda n: native.ChatTyping(id=n, active=active, to=to), native.Ok)

    async def read(self, number: int) -> None:
        """Says that one has read up to the message of this number; `room.read` has that of the others."""
        await self._client.request(lambda n: native.ChatRead(id=n, number=number), native.Ok)

    async def history(
        self,
        *,
        before: int | None = None,
        after: int | None = None,
        changed: int | None = None,
        words: str = "",
        limit: int = 100,
    ) -> native.ChatPage:
        """What was said, one's private messages too: the last `limit` (100 at most), or the nearest of numbers below `before` or above
        `after`; or those whose last change has a number above `changed`; with `words` only those that have all of them."""

        def make(n: int) -> native.Message:
            return native.ChatHistory(id=n, before=before, after=after, changed=changed, words=words, limit=limit)

        return await self._client.request(make, native.ChatPage)

    def messages(self, *, changes: bool = False, limit: int = 1024) -> "ChatStream":
        """The chat from now on, each message once, also over the loss of a session. At most `limit` wait to be read.

        `changes`: a message that was edited or deleted, or has other reactions, comes again, as it is then.
        """
        types: list[type[Heard]] = [native.Joined, native.ChatReceived]
        if changes:
            types.append(native.ChatChanged)
        events: EventStream[Heard] = self._client.events(*types, limit=limit)
        return ChatStream(events, self._client.room.messages, self.history, changes=changes)

    async def _surely(self, make: Make) -> None:
        while True:
            try:
                await self._client.request(make, native.Ok)
                return
            except TertuliaError as error:
                if error.code is not Code.SESSION_GONE:
                    raise
            # Whether it had arrived is not known. To change something twice is to change it once, and a message has its key.
            await self._client.until(lambda client: client.status is Status.JOINED)


class ChatStream:
    """Each message once, in the order of its number, from when this was made; also those that were said while there was no session.

    Iterate; it ends with the session. One that isn't read keeps at most its limit and then raises Unavailable (`too_slow`).
    """

    def __init__(
        self,
        events: EventStream[Heard],
        known: list[native.ChatMessage],
        history: Callable[..., Awaitable[native.ChatPage]],
        *,
        changes: bool = False,
    ) -> None:
        """`known`: what is known already; `history`: see `Chat.history`."""
        self._events = events
        self._last = max((it.number for it in known), default=0)
        self._seen = max((max(it.number, it.change) for it in known), default=0)
        """All that happened up to this number has been given."""
        self._given = {it.id: it.change for it in known}
        self._history = history
        self._changes = changes
        self._ready: deque[native.ChatMessage] = deque()

    def __aiter__(self) -> "ChatStream":
        return self

    async def __anext__(self) -> native.ChatMessage:
        while not self._ready:
            event = await anext(self._events)
            match event:
                case native.ChatReceived(message=message):
                    self._take([message])
                    self._seen = max(self._seen, message.number)
                case native.ChatChanged(message=message):
                    self._take_changed([message])
                case native.Joined():
                    await self._catch_up(event)
        return self._ready.popleft()

    def close(self) -> None:
        """Stops listening; what came before can still be read."""
        self._events.close()

    def __enter__(self) -> "ChatStream":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def _catch_up(self, joined: native.Joined) -> None:
        before = self._last + 1
        try:
            more = True
            while more:
                page = await self._history(after=self._last)
                self._take(page.messages)
                more = page.more
            more = self._changes
            while more:
                page = await self._history(changed=self._seen, before=before)
                self._take_changed(page.messages)
                more = page.more
        except TertuliaError as error:
            # The next session begins with another `joined`.
            if error.code is not Code.SESSION_GONE:
                self._take(joined.messages)

    def _take(self, messages: list[native.ChatMessage]) -> None:
        for message in messages:
            if message.number > self._last:
                self._last = message.number
                self._give(message)

    def _take_changed(self, messages: list[native.ChatMessage]) -> None:
        for message in messages:
            self._seen = max(self._seen, message.change)
            # What is new has been given as it was when it was asked for, and the change then comes by itself.
            if message.change > self._given.get(message.id, 0):
                self._give(message)

    def _give(self, message: native.ChatMessage) -> None:
        self._ready.append(message)
        self._given.pop(message.id, None)
        self._given[message.id] = message.change
        if len(self._given) > REMEMBERED:
            del self._given[next(iter(self._given))]
