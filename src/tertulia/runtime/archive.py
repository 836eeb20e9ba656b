"""The chat of all rooms, whether they are open or not."""

import time
from collections.abc import AsyncIterator

from tertulia.core import commands
from tertulia.core.chat_changes import ChatChange, Delete
from tertulia.errors import Code, TertuliaError
from tertulia.runtime.hub import Hub
from tertulia.runtime.views import History, Message
from tertulia.store import ChatLog, Page

PAGE = 500
"""Messages that are read at a time, of all of them."""


class Archive:
    """For operators: it sees everything, and may delete everything."""

    def __init__(self, hub: Hub, chat: ChatLog) -> None:
        self._hub = hub
        self._chat = chat

    async def page(
        self,
        room: str,
        *,
        before: int | None = None,
        after: int | None = None,
        changed: int | None = None,
        words: str = "",
        limit: int = 100,
    ) -> History:
        """See `Chat.history`. Raises TertuliaError (store_failed)."""
        page = await self._chat.page(room, None, before=before, after=after, changed=changed, words=words, limit=limit)
        return _history(page)

    async def everything(
        self, room: str, *, before: int | None = None, after: int | None = None, words: str = ""
    ) -> AsyncIterator[Message]:
        """Oldest first, of numbers above `after` and below `before`. Raises TertuliaError (store_failed)."""
        last, more = after or 0, True
        while more:
            page = await self._chat.page(room, None, after=last, words=words, limit=PAGE)
            for message in page.messages:
                last = message.number
                if before is not None and last >= before:
                    return
                yield Message.of(message)
            more = page.more

    async def delete(self, room: str, message: str) -> None:
        """Of one message only a mark is left. Raises TertuliaError (no_such_message, store_failed)."""
        now = time.time()
        if await self._done_in_room(room, commands.ChangeChat(None, message, Delete(), now)):
            return
        change = ChatChange(message, None, True, Delete(), int(now * 1000), now)
        kept = await self._chat.change(room, change)
        self._tell(room, commands.ShowChange(kept.message))

    async def clear(self, room: str) -> None:
        """Nothing is left of what was said so far. Raises TertuliaError (store_failed)."""
        now = time.time()
        if await self._done_in_room(room, commands.ClearChat(None, now)):
            return
        number = int(now * 1000)
        await self._chat.clear(room, number)
        self._tell(room, commands.ShowCleared(number))

    async def _done_in_room(self, room: str, command: commands.Command) -> bool:
        """False: it is not open."""
        actor = self._hub.find(room)
        if actor is None:
            return False
        try:
            outcome = await actor.request(command)
        except TertuliaError as error:
            outcome = error
        if not isinstance(outcome, TertuliaError):
            return True
        if outcome.code is Code.ROOM_ENDED:
            return False
        raise outcome

    def _tell(self, room: str, command: commands.Command) -> None:
        """It may have opened meanwhile, and read what was there before."""
        actor = self._hub.find(room)
        if actor is not None:
            actor.post(command)


def _history(page: Page) -> History:
    return History(tuple(map(Message.of, page.messages)), page.more)
